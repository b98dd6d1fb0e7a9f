"""Features beside each other: two that are one, and one that does not live."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import numpy.typing as npt

from detector.inspecting.measures.seen import Column, Seen

SAME = 0.999  # correlation of values
SAME_STEPS = 0.99  # of their steps; slow trends agree by chance, steps do not
LOOKED_AT = 20_000  # samples
STRETCHES = 20
MOST = 3  # pairs named
DEAD = 0.01  # of the deviation of the quietest channel beside it
AXIS = re.compile(r"[ _.\-]?([xyz]|[hva]|\d+)$", re.IGNORECASE)


def copies(seen: Seen) -> str | None:
    """Two features that are one."""
    signals = seen.signals
    if len(signals) < 2:
        return None
    values = np.column_stack([_some(column) for column in signals])
    steps = np.diff(values, axis=0)
    together = _correlation(values)
    pairs = [
        (a, b)
        for a, b in combinations(range(len(signals)), 2)
        if abs(together[a, b]) > SAME and abs(_correlation(steps[:, [a, b]])[0, 1]) > SAME_STEPS
    ]
    if not pairs:
        return None
    told = [_told(signals[a], signals[b], together[a, b]) for a, b in pairs[:MOST]]
    more = f" and {len(pairs) - MOST} more pairs" if len(pairs) > MOST else ""
    return f"{', '.join(told)}{more}: a second copy tells nothing and counts twice, leave it out"


def dead(column: Column, seen: Seen) -> str | None:
    """A channel that hardly moves beside its neighbours."""
    beside = [
        c.numbers.sd for c in seen.signals
        if c is not column and c.numbers.sd and _family(c.name) == _family(column.name)
    ]  # fmt: skip
    if not column.varies or not beside or column.numbers.sd is None:
        return None
    usual = min(beside)
    if column.numbers.sd >= DEAD * usual:
        return None
    return (
        f"may be dead: its deviation of {column.numbers.sd:.2g} is "
        f"{usual / max(column.numbers.sd, 1e-300):.2g} times smaller than that of the quietest "
        "channel beside it; look at sensor and cable"
    )


def _told(one: Column, other: Column, correlation: float) -> str:
    slope = np.sign(correlation) * (other.numbers.sd or 0.0) / (one.numbers.sd or 1.0)
    if abs(slope - 1) < 1e-3 and one.numbers.low == other.numbers.low:
        return f"{other.name} is a copy of {one.name}"
    return f"{other.name} is {slope:.4g} times {one.name} (correlation {correlation:.5f})"


def _some(column: Column) -> npt.NDArray[np.float64]:
    """Some stretches of the feature, in a row."""
    n = len(column.values)
    if n <= LOOKED_AT:
        return column.values.astype(np.float64)
    length = LOOKED_AT // STRETCHES
    starts = np.linspace(0, n - length, STRETCHES).astype(np.int64)
    return np.concatenate([column.values[s : s + length] for s in starts]).astype(np.float64)


def _correlation(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Shape (F, F), of the rows without missing values; 0 for a constant."""
    whole = values[np.isfinite(values).all(axis=1)]
    if len(whole) < 10:
        return np.zeros((values.shape[1], values.shape[1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nan_to_num(np.corrcoef(whole, rowvar=False)))


def _family(name: str) -> str:
    """The name without its axis or number; whole where it has none, so that it is alone."""
    return AXIS.sub("", name)
