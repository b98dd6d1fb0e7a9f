"""Samples of any time, wherever they are: closed hours and the tables as one stream."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from detector.records import Frame
from detector.store import frames
from detector.store.archive import hours, parquet
from detector.store.archive.hours import ClosedHour
from detector.store.archive.place import Place


@dataclass(frozen=True, slots=True)
class LostHour:
    """A file that cannot be read: its time is a gap.

    Attributes:
        device: Name of the machine.
        start: Its first sample, UTC seconds.
        end: Its newest.
        reason: One line.
    """

    device: str
    start: float
    end: float
    reason: str


Tell = Callable[[LostHour], None]


def between(
    connection: Connection, place: Place, device: str, start: float, end: float, tell: Tell
) -> Iterator[Frame]:
    """Frames of a device with samples from ``start`` to before ``end``, in order of time.

    Of closed hours they have what is kept there: no contributions, reconstructions around alarms.
    A file at a time is in memory.

    Args:
        connection: All that it reads must be of one moment.
        place: Of the archive.
        device: Name of the machine.
        start: UTC seconds, as ``end``.
        end: Not in it.
        tell: Called for each file that cannot be read.
    """
    closed = hours.between(connection, device, start, end)
    hot = frames.stream_between(connection, device, start, end)
    parts = [_read(place, run, tell, start, end) for run in _apart(closed)]
    yield from heapq.merge(*parts, hot, key=_start)


def _start(frame: Frame) -> float:
    return float(frame.ts[0])


def _apart(closed: Sequence[ClosedHour]) -> list[list[ClosedHour]]:
    """Files in runs without an overlap, few: late samples make another."""
    runs: list[list[ClosedHour]] = []
    for hour in closed:
        run = next((run for run in runs if run[-1].end < hour.start), None)
        if run is None:
            runs.append([hour])
        else:
            run.append(hour)
    return runs


def frames_in(
    place: Place,
    hour: ClosedHour,
    tell: Tell,
    start: float = -math.inf,
    end: float = math.inf,
) -> list[Frame]:
    """Frames of a file with samples from ``start`` to before ``end``, in order of time.

    None where it cannot be read, which is told.
    """
    try:
        found = parquet.read(place.read(hour.path), start, end)
        return sorted((f for f in found if f.ts[0] < end and f.ts[-1] >= start), key=_start)
    except OSError as error:
        tell(LostHour(hour.device, hour.start, hour.end, f"{hour.path}: {_reason(error)}"))
        return []


def _read(
    place: Place, run: Sequence[ClosedHour], tell: Tell, start: float, end: float
) -> Iterator[Frame]:
    for hour in run:
        yield from frames_in(place, hour, tell, start, end)


def _reason(error: OSError) -> str:
    return error.strerror or " ".join(str(error).split())
