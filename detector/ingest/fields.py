"""The parts of a sample as they stand in JSON: times, labels, names and numbers.

Whatever is not allowed is refused with one line; the caller adds the device.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from detector.errors import PayloadError
from detector.records import Times, Values

MAX_FEATURES = 512
MAX_NAME = 200  # characters of a feature name or a session label
LATEST = 7_258_118_400.0  # 2200-01-01T00:00:00Z, seconds
MILLISECONDS_FROM = 1e11  # as seconds the year 5138, as milliseconds 1973
NUMBERS = frozenset({bool, int, float, type(None)})
_PLAIN_NUMBERS = frozenset({int, float})


class RefusedPayloadError(PayloadError):
    """A payload that is not taken.

    Attributes:
        kind: Class of the reason, for counting: ``size``, ``json``, ``nesting``, ``empty``,
            ``names``, ``type``, ``non-finite``, ``columns``, ``samples``, ``time``, ``session``.
    """

    def __init__(self, kind: str, line: str) -> None:
        super().__init__(line)
        self.kind = kind


def shown(found: object) -> str:
    """A found value, short enough for one line."""
    if isinstance(found, list | dict):
        return "an array" if isinstance(found, list) else "an object"
    text = "null" if found is None else repr(found)
    return text if len(text) <= 40 else f"{text[:40]}…"


def moment(found: object) -> float:
    """Read one ``ts``: seconds, milliseconds (above 1e11) or ISO 8601 (UTC unless it says).

    Raises:
        RefusedPayloadError: If it is of another type, or outside 1970 to 2200.
    """
    seconds = math.nan
    if isinstance(found, str):
        seconds = _from_iso(found)
    elif isinstance(found, int | float) and not isinstance(found, bool):
        seconds = found / 1000 if found > MILLISECONDS_FROM else float(found)
    if not 0 <= seconds < LATEST:
        raise RefusedPayloadError(
            "time",
            f"ts: found {shown(found)}, allowed: seconds or milliseconds since 1970, "
            "or ISO 8601, up to the year 2200",
        )
    return seconds


def moments(column: Sequence[object]) -> Times:
    """Read a column of ``ts``; see ``moment``.

    Returns:
        Shape (n,), UTC seconds.
    """
    if len(column) == 1 or not _PLAIN_NUMBERS.issuperset(map(type, column)):
        return np.array([moment(found) for found in column], dtype=np.float64)
    ts = np.array(column, dtype=np.float64)
    if ts.max() > MILLISECONDS_FROM:
        ts[ts > MILLISECONDS_FROM] /= 1000
    if ts.min() < 0 or ts.max() >= LATEST:
        moment(column[int(np.argmax((ts < 0) | (ts >= LATEST)))])  # refuses it by name
    return ts


def _from_iso(text: str) -> float:
    """UTC seconds; NaN when it is no ISO 8601 time (digits alone are ambiguous)."""
    try:
        read = datetime.fromisoformat("" if text.isdigit() else text)
    except ValueError:
        return math.nan
    seconds = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    return seconds if seconds < LATEST else math.nan


def session_label(found: object) -> str | None:
    """Read a ``session``: text or a number; empty and null mean none.

    Raises:
        RefusedPayloadError: If it is of another type, too long or not printable.
    """
    if found is None:
        return None
    label = found
    if isinstance(found, int | float) and not isinstance(found, bool):
        label = str(int(found) if float(found).is_integer() else found)
    if not isinstance(label, str) or len(label) > MAX_NAME or not label.isprintable():
        raise RefusedPayloadError(
            "session",
            f"session: found {shown(found)}, allowed: a number or up to {MAX_NAME} printable "
            "characters, one per sample or message",
        )
    return label or None


@functools.lru_cache(maxsize=256)  # machines repeat themselves; refusals are not kept
def feature_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Check the names of a sample's features.

    Raises:
        RefusedPayloadError: If there are none or more than 512, or one is empty, longer than 200
            characters or not printable.
    """
    if not names:
        raise RefusedPayloadError(
            "empty", "sample: found no features, allowed: at least one number"
        )
    if len(names) > MAX_FEATURES:
        raise RefusedPayloadError(
            "names", f"sample: found {len(names)} features, allowed: up to {MAX_FEATURES}"
        )
    for name in names:
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise RefusedPayloadError(
                "names",
                f"feature name: found {shown(name)}, allowed: 1 to {MAX_NAME} printable characters",
            )
    return names


def check_numbers(name: str, column: Sequence[object]) -> None:
    """Refuse what is neither number, true, false nor null.

    Raises:
        RefusedPayloadError: Naming the feature and the first such value.
    """
    if NUMBERS.issuperset(map(type, column)):
        return
    for found in column:
        if type(found) not in NUMBERS:
            raise RefusedPayloadError(
                "type", f"{shown(name)}: found {shown(found)}, allowed: a finite number or null"
            )


def matrix(names: tuple[str, ...], rows: Sequence[Sequence[object]]) -> Values:
    """Numbers as float32; null becomes NaN, true 1 and false 0.

    Args:
        names: What each row of ``rows`` is called, for the refusal.
        rows: Shape (F, n), checked to be numbers or null.

    Returns:
        Shape (n, F).

    Raises:
        RefusedPayloadError: If a number is too large for float32.
    """
    try:
        exact = np.array(rows, dtype=np.float64)
    except OverflowError:
        line = "sample: found an integer beyond float64, allowed: up to 3.4e38 (float32)"
        raise RefusedPayloadError("non-finite", line) from None
    with np.errstate(over="ignore"):
        values = exact.T.astype(np.float32, order="C")
    infinite = np.isinf(values)
    if np.count_nonzero(infinite):
        at, column = (int(index) for index in np.argwhere(infinite)[0])
        raise RefusedPayloadError(
            "non-finite",
            f"{shown(names[column])}: found {exact[column, at]:g}, allowed: up to 3.4e38 (float32)",
        )
    return values
