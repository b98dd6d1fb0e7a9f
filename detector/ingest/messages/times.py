"""Times as messages give them -> UTC seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np

from detector.ingest.messages.contract import RefusedPayloadError
from detector.ingest.messages.values import shown
from detector.records import Times
from detector.vocabulary import FINER_FROM, LATEST, PLAUSIBLE_FROM

BEYOND = 1e30  # in whatever unit
_PLAIN = frozenset({int, float})


def moment(found: object, zone: tzinfo = UTC) -> float:
    """Read one time: s, ms, µs or ns since 1970 by size, or ISO 8601 with ``T`` or a blank.

    Args:
        found: A number, a text or a datetime.
        zone: Of a time that names none.

    Returns:
        UTC seconds.

    Raises:
        RefusedPayloadError: If it is of another type, or outside 1970 to 2200.
    """
    seconds = _seconds(found, zone)
    if not 0 <= seconds < LATEST:
        raise RefusedPayloadError(
            "time",
            f"time: found {shown(found)}, allowed: s, ms, µs or ns since 1970, or ISO 8601, "
            "up to the year 2200",
        )
    return seconds


def plausible(found: object, zone: tzinfo = UTC) -> bool:
    """Whether a value is a time of this century; a counter or a temperature is not."""
    return PLAUSIBLE_FROM <= _seconds(found, zone) < LATEST


def moments(column: Sequence[object], zone: tzinfo = UTC) -> Times:
    """Read a column of times; see ``moment``.

    Returns:
        Shape (n,), UTC seconds.
    """
    if len(column) > 1 and _PLAIN.issuperset(map(type, column)):
        return plain_moments(column)
    return np.array([moment(found, zone) for found in column], dtype=np.float64)


def plain_moments(column: Sequence[Any]) -> Times:
    """As ``moments``, of int and float only."""
    is_plain = min(column) >= 0 and max(column) < LATEST  # seconds, as nearly always
    if is_plain and math.isfinite(sum(column)):  # a NaN may hide from min and max
        return np.array(column, dtype=np.float64)
    return np.array([moment(found) for found in column], dtype=np.float64)


def _seconds(found: object, zone: tzinfo) -> float:
    """UTC seconds; NaN when it is no time."""
    if isinstance(found, datetime):
        return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
    if isinstance(found, str):
        return _from_text(found.strip(), zone)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return _by_size(found)
    return math.nan


def _by_size(number: float) -> float:
    if abs(number) > BEYOND:  # integers may be beyond float64, too
        return math.nan
    for bound, per_second in FINER_FROM:
        if number > bound:
            return number / per_second
    return float(number)


def _from_text(text: str, zone: tzinfo) -> float:
    """Digits like a number, but none so few that they may be a date; else ISO 8601."""
    try:
        if text.replace(".", "", 1).isdecimal():
            seconds = _by_size(float(text) if "." in text else int(text))
            return seconds if seconds >= PLAUSIBLE_FROM else math.nan
        read = datetime.fromisoformat(text)
        seconds = (read if read.tzinfo else read.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return math.nan
    return seconds
