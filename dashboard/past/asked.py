"""What an address asks of a device's past, read and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.live.columns import MOST
from detector.text import inert

POINTS, MOST_POINTS = 2000, 20_000
EARLIEST, LATEST = 0.0, 253_402_300_799.0  # what a date can tell
LONGEST_S = 20 * 366 * 86_400.0
SHOWN = 60  # characters of what was found


class AskedError(ValueError):
    """What is asked cannot be answered: what, found, allowed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A stretch of a device's time.

    Attributes:
        device: Name of the machine.
        start: UTC seconds, as ``end``.
        end: After ``start``; not in it.
        points: Wanted, at most.
        features: That are drawn; empty: all.
    """

    device: str
    start: float
    end: float
    points: int
    features: tuple[str, ...] = ()


def read(query: Mapping[str, str], features: Sequence[str] = ()) -> Asked:
    """Read the fields of an address: ``device``, ``from``, ``to``, ``points``.

    Args:
        query: With the last of each.
        features: All of the field ``feature``; of a name that there is not nothing is sent.

    Raises:
        AskedError: If one is missing or cannot be; one line.
    """
    device = query.get("device", "")
    if not device:
        raise AskedError("device: found nothing, allowed: the name of a machine")
    start, end = (moment(name, query.get(name)) for name in ("from", "to"))
    if not start < end:
        raise AskedError("from: not before to, allowed: a stretch of time")
    if end - start > LONGEST_S:
        raise AskedError("from: more than 20 years before to, allowed: a shorter stretch")
    return Asked(device, start, end, _points(query.get("points")), tuple(features[:MOST]))


def moment(name: str, text: str | None) -> float:
    """A time as UTC seconds: ISO 8601 (UTC unless it says) or seconds.

    Raises:
        AskedError: If it is neither, or out of what a date can tell.
    """
    found = _seconds(text or "")
    if found is None or not EARLIEST <= found <= LATEST:
        raise AskedError(f"{name}: found {_short(text)}, allowed: ISO 8601 or UTC seconds")
    return found


def _seconds(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return _iso(text)
    return found if math.isfinite(found) else None


def _iso(text: str) -> float | None:
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _points(text: str | None) -> int:
    if text is None:
        return POINTS
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST_POINTS):
        raise AskedError(f"points: found {_short(text)}, allowed: 1 to {MOST_POINTS}")
    return int(text)


def _short(text: str | None) -> str:
    if not text:
        return "nothing"
    return inert(text[:SHOWN]) + ("…" if len(text) > SHOWN else "")
