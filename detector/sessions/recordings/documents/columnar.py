"""Arrays and single values under names -> columns of one length; for documents and NumPy files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

Items: TypeAlias = Mapping[str, np.ndarray]
RATES = frozenset({"fs", "rate", "sampling_rate", "sample_rate", "samplerate", "rate_hz", "fs_hz",
                   "sampling_frequency", "sample_frequency", "sfreq", "odr"})  # fmt: skip
PERIODS = frozenset({"dt", "interval", "sampling_period", "sampling_interval", "period_s"})  # s
STARTS = frozenset({"t0", "start", "start_time", "start_ts"})
AFTER_S, BEFORE_S = 5e8, 5e9  # of a start in seconds since 1970
FASTEST_HZ = 1e9
MOST_WIDE = 256  # columns of one array


@dataclass(slots=True)
class Columns:
    """Columns of one length, and what is known of them.

    Attributes:
        cells: By name; shape (n,) each, or lists of n values.
        name: Of the table; empty where the document has one.
        form: How the document was laid out, in words; empty: plainly.
        units: By column.
        rate_hz: Samples per second, where it is told.
        first: Time of the first sample, UTC seconds, where it is told.
        left_out: By name, with the reason.
    """

    cells: dict[str, Any]
    name: str = ""
    form: str = ""
    units: dict[str, str] = field(default_factory=dict)
    rate_hz: float | None = None
    first: float | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.cells.values()), ()))


def columnar(items: Items) -> Columns:
    """Arrays of the commonest length as columns; single values are the rate or left out.

    Args:
        items: Arrays of any shape; with two axes they give ``name.0``, ``name.1``, ….
    """
    found = Columns({})
    arrays: dict[str, np.ndarray] = {}
    for name, array in items.items():
        if array.size == 1 and array.ndim < 2:
            _take_single(found, name, array.ravel()[0])
        elif array.ndim not in (1, 2) or not array.size:
            found.left_out[name] = f"an array of shape {array.shape}"
        elif array.dtype == object and any(isinstance(v, list | dict) for v in array.ravel()):
            found.left_out[name] = "lists of different lengths"
        else:
            arrays[name] = array
    if not arrays:
        return _of_singles(found, items)
    n = _common_length(arrays)
    for name, array in arrays.items():
        _add(found, name, array, n)
    return found


def _of_singles(found: Columns, items: Items) -> Columns:
    """A recording of a single sample: nothing is longer."""
    found.cells = {name: items[name].ravel() for name in found.left_out if items[name].size == 1}
    for name in found.cells:
        del found.left_out[name]
    return found


def _take_single(found: Columns, name: str, value: Any) -> None:  # noqa: ANN401 -- of any type
    last = name.rpartition(".")[2].lower()
    is_number = isinstance(value, int | float | np.integer | np.floating)
    number = float(value) if is_number and not isinstance(value, bool) else 0.0
    if last in RATES and 0 < number <= FASTEST_HZ:
        found.rate_hz = number
    elif last in PERIODS and number >= 1 / FASTEST_HZ:
        found.rate_hz = 1 / number
    elif last in STARTS and AFTER_S < number < BEFORE_S:
        found.first = number
    else:
        found.left_out[name] = f"a single value, {str(value)[:40]}"


def _common_length(arrays: Items) -> int:
    """Of most arrays; of the longest where several are as common."""
    along = Counter(len(array) for array in arrays.values() if array.ndim == 1)
    if not along:
        along = Counter(max(array.shape) for array in arrays.values())
    _, length = max((count, length) for length, count in along.items())
    return length


def _add(found: Columns, name: str, array: np.ndarray, n: int) -> None:
    if array.ndim == 1 and len(array) == n:
        found.cells[name] = array
    elif array.ndim == 2 and n in array.shape:
        rows = array if array.shape[0] == n else array.T
        if rows.shape[1] > MOST_WIDE:
            found.left_out[name] = f"{rows.shape[1]} columns, allowed: {MOST_WIDE}"
            return
        names = [name] if rows.shape[1] == 1 else [f"{name}.{k}" for k in range(rows.shape[1])]
        found.cells |= dict(zip(names, rows.T, strict=True))
    else:
        words = f"{len(array)} values" if array.ndim == 1 else f"shape {array.shape}"
        found.left_out[name] = f"{words} where others have {n}"
