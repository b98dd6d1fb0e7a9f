"""Scores of any time, wherever they are, without the samples they were made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from detector.records import Flags, Times, Values, is_backlog
from detector.store import frames
from detector.store.archive import hours, parquet
from detector.store.archive.hours import ClosedHour
from detector.store.archive.place import Place


@dataclass(frozen=True, slots=True)
class Scores:
    """What was said of n live samples of one device, in order of time.

    Attributes:
        ts: Shape (n,), device clock.
        score: Shape (n,); NaN where none was given.
        judged: Shape (n,).
        lost: Files of the archive that cannot be read; their time is missing here.
    """

    ts: Times
    score: Values
    judged: Flags
    lost: int = 0


Part = tuple[Times, Values, Flags]


def amount(connection: Connection, device: str, start: float, end: float) -> int:
    """About how many samples ``scores_between`` would read."""
    closed = sum(hour.n for hour in hours.between(connection, device, start, end))
    found = frames.amount(connection, device, start, end)
    return closed + (0 if found is None else found[2])


def scores_between(
    connection: Connection, place: Place, device: str, start: float, end: float
) -> Scores:
    """Scores of a device from ``start`` to before ``end``; what was sent late is left out.

    Args:
        connection: All that it reads must be of one moment.
        place: Of the archive.
        device: Name of the machine.
        start: UTC seconds, as ``end``.
        end: Not in it.
    """
    closed = hours.between(connection, device, start, end)
    read = [_closed(place, hour, start, end) for hour in closed]
    parts = [part for part in read if part is not None]
    lost = len(read) - len(parts)
    parts += frames.scores_between(connection, device, start, end)
    return _in_order(parts, start, end, lost)


def _closed(place: Place, hour: ClosedHour, start: float, end: float) -> Part | None:
    """Of one file; None: it cannot be read."""
    late = {session for session, *_ in hour.spans if is_backlog(session)}
    try:
        return parquet.read_scores(place.read(hour.path), late, start, end)
    except OSError:
        return None


def _in_order(parts: list[Part], start: float, end: float, lost: int) -> Scores:
    ts, score, judged = (np.concatenate(some) for some in _columns(parts))
    inside = (ts >= start) & (ts < end)
    if not inside.all():
        ts, score, judged = ts[inside], score[inside], judged[inside]
    if len(ts) > 1 and np.any(np.diff(ts) < 0):
        order = np.argsort(ts, kind="stable")
        ts, score, judged = ts[order], score[order], judged[order]
    return Scores(ts, score, judged, lost)


def _columns(parts: list[Part]) -> Iterator[tuple[np.ndarray, ...]]:
    nothing = np.empty(0), np.empty(0, np.float32), np.empty(0, np.bool_)
    yield from zip(nothing, *parts, strict=True)
