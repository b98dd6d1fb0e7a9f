"""One tier of a device's past read from the store, with what no rollup has counted yet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy.engine import Connection

from detector.records import Frame
from detector.store import frames
from detector.store.archive import hours
from detector.store.archive.place import Place
from detector.store.archive.reading import LostHour, between
from detector.store.history import rollups
from detector.store.history.buckets import NOTHING, Buckets, joined, of_frames
from detector.store.history.rolling import uncounted
from detector.store.history.tiers import FULL

AT_ONCE = 500  # frames summed up together


@dataclass(frozen=True)
class Stored:
    """What is stored of one device.

    Attributes:
        connection: All that it reads must be of one moment.
        place: Of the archive; None: only rollups are asked for.
        device: Name of the machine.
        lost: Files of the archive that could not be read, as they are met.
    """

    connection: Connection
    place: Place | None
    device: str
    lost: list[LostHour] = field(default_factory=list)

    def tier(self, width_s: int, span: tuple[float, float], newer: Buckets) -> Buckets:
        """Buckets of a width that begin within a span.

        Args:
            width_s: One of ``rollups.WIDTHS``, or ``FULL``: each sample.
            span: From the first to before the second, UTC seconds, multiples of the width.
            newer: From ``uncounted_yet``.
        """
        if width_s == FULL:
            return _cut(_summed(self._frames(span), FULL), span)
        counted = rollups.between(self.connection, self.device, width_s, *span)
        return joined([counted, _cut(newer, span)], width_s)

    def uncounted_yet(self, width_s: int, span: tuple[float, float]) -> Buckets:
        """What no rollup has counted yet, as buckets of a width."""
        found = list(uncounted(self.connection, self.device, width_s, *span))
        return _cut(joined(found, width_s), span)

    def _frames(self, span: tuple[float, float]) -> Iterator[Frame]:
        assert self.place is not None
        return between(self.connection, self.place, self.device, *span, self.lost.append)


def next_start(connection: Connection, device: str, after: float) -> float:
    """Where a frame or a block begins from ``after`` on; infinite: none does."""
    found = [
        rollups.next_start(connection, device, after),
        frames.next_start(connection, device, after),
    ]
    return min((start for start in found if start is not None), default=math.inf)


def extent(connection: Connection, device: str) -> tuple[float, float] | None:
    """From when to when samples of a device are told by any tier; None: by none."""
    return _widest([full_extent(connection, device), rollups.extent(connection, device)])


def full_extent(connection: Connection, device: str) -> tuple[float, float] | None:
    """First and newest sample of a device that is stored as such; None: none is."""
    return _widest([frames.extent(connection, device), hours.extent(connection, device)])


def features_between(
    connection: Connection, device: str, start: float, end: float
) -> tuple[str, ...]:
    """All features that any tier has of a device and time, in order of their names."""
    of_rollups = rollups.features_between(connection, device, start, end)
    of_samples, _ = full_features_between(connection, device, start, end)
    return tuple(sorted({*of_rollups, *of_samples}))


def full_features_between(
    connection: Connection, device: str, start: float, end: float
) -> tuple[tuple[str, ...], int]:
    """All features of the samples of a time, oldest first, and about how many samples."""
    closed = hours.between(connection, device, start, end)
    hot, count = frames.features_between(connection, device, start, end)
    names = [name for hour in closed for name in hour.features]
    return tuple(dict.fromkeys([*names, *hot])), count + sum(hour.n for hour in closed)


def _widest(spans: list[tuple[float, float] | None]) -> tuple[float, float] | None:
    found = [span for span in spans if span is not None]
    return (min(a for a, _ in found), max(b for _, b in found)) if found else None


def _cut(made: Buckets, span: tuple[float, float]) -> Buckets:
    return made[(made.ts >= span[0]) & (made.ts < span[1])]


def _summed(found: Iterator[Frame], width_s: int) -> Buckets:
    """Buckets of frames; of wide ones, only a few hundred frames are in memory at a time."""
    parts = [NOTHING]
    while some := list(islice(found, AT_ONCE)):
        parts.append(of_frames(some, width_s))
        if width_s != FULL:
            parts = [joined(parts, width_s)]
    return joined(parts, width_s)
