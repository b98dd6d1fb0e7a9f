"""A device's past in as many points as are asked for, from whatever tiers hold it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from detector.records import Flags, Times, Values
from detector.store.archive.place import Place
from detector.store.archive.reading import LostHour
from detector.store.connecting import at_one_moment
from detector.store.history.buckets import Counts
from detector.store.history.gaps import Gap, breaks, gaps
from detector.store.history.reading import Stored, next_start
from detector.store.history.rollups import WIDTHS
from detector.store.history.tiers import (
    FULL,
    NAMES,
    Pieces,
    aligned,
    filled,
    of_one_width,
    plan,
    shown,
)

STEP = 14_400  # buckets that are read at once where all are


@dataclass(frozen=True, slots=True)
class History:
    """What is stored of a device over a time: N buckets, F features.

    Attributes:
        device: Name of the machine.
        features: Names of the F columns.
        start: Asked for, UTC seconds.
        end: Asked for, UTC seconds.
        tier: The finest that was asked: ``full``, ``1s``, ``1min`` or ``15min``.
        ts: Shape (N,), where a bucket begins; a single sample's own time.
        width_s: Shape (N,), of each bucket; 0: a single sample. Wider where the finer tier has
            nothing any more.
        low: Shape (N, F), smallest value; NaN where all are missing.
        mean: Shape (N, F); NaN where all are missing.
        high: Shape (N, F), largest value; NaN where all are missing.
        score: Shape (N,), highest; NaN where none was scored.
        anomalies: Shape (N,), samples that were one.
        samples: Shape (N,), > 0.
        running_share: Shape (N,), of the samples in the states that are judged, 0 to 1.
        threshold: Shape (N,), lowest in force.
        breaks: Shape (N,), True where nothing is stored between the bucket before and this one.
        gaps: The times of which nothing is shown, each with its reason.
        lost: Files of the archive that could not be read; rollups stand in, or a gap.
    """

    device: str
    features: tuple[str, ...]
    start: float
    end: float
    tier: str
    ts: Times
    width_s: Times
    low: Values
    mean: Values
    high: Values
    score: Values
    anomalies: Counts
    samples: Counts
    running_share: Values
    threshold: Times
    breaks: Flags
    gaps: tuple[Gap, ...]
    lost: tuple[LostHour, ...]

    def __len__(self) -> int:
        return len(self.ts)


def history(
    connection: Connection, place: Place, device: str, start: float, end: float, points: int
) -> History:
    """Read a device's past from the finest tier that fits.

    Recent samples come from frames, older ones from the archive and from rollups; a sample that no
    rollup has counted yet is summed up here. Extremes and anomalies survive at any width, a time
    without samples is a gap, and nothing is drawn in between.

    Args:
        connection: To the store; nothing was read in its transaction yet.
        place: Of the archive.
        device: Name of the machine.
        start: UTC seconds, finite.
        end: After ``start``; not in it.
        points: Buckets at most, > 0; fewer where a coarser tier is quicker, more only where a
            coarser tier stands in for a finer one.
    """
    at_one_moment(connection)
    wanted = plan(end - start, points)
    stored = Stored(connection, place, device)
    pieces = tiers_from(stored, wanted.tier_s, start, end)
    pieces = shown(pieces[_touching(pieces, start, end)], wanted, points)
    return _told(stored, start, end, NAMES[wanted.tier_s], pieces)


def every(
    connection: Connection, device: str, width_s: int, start: float, end: float
) -> Iterator[Pieces]:
    """All buckets of one width that touch a time, some hours at once, in order; none is empty.

    Args:
        connection: As for ``history``.
        device: Name of the machine.
        width_s: One of ``rollups.WIDTHS``; wider ones stand in where these are gone.
        start: UTC seconds, finite.
        end: After ``start``; not in it.
    """
    at_one_moment(connection)
    stored = Stored(connection, None, device)
    begin, last = aligned(start, end, WIDTHS[-1])
    while begin < last:
        stop = min(begin + STEP * width_s, last)
        pieces = tiers_from(stored, width_s, begin, stop)
        touching = pieces[_touching(pieces, start, end)]
        if len(touching.buckets):
            yield touching
        if not len(pieces.buckets):
            stop = max(stop, min(last, next_start(connection, device, stop)))
            stop, _ = aligned(stop, stop, WIDTHS[-1])
        begin = stop


def tiers_from(stored: Stored, tier_s: int, start: float, end: float) -> Pieces:
    """A tier, and coarser ones wherever it holds less than they have counted.

    A tier is read over whole buckets of the next one, so that the two can be compared.
    """
    widths = [width_s for width_s in (FULL, *WIDTHS) if width_s >= tier_s]
    spans = [aligned(start, end, whole) for whole in (*widths[1:], widths[-1])]
    newer = stored.uncounted_yet(max(tier_s, WIDTHS[0]), spans[-1])
    pieces: Pieces | None = None
    for width_s, span in zip(widths, spans, strict=True):
        found = stored.tier(width_s, span, newer)
        pieces = of_one_width(found, width_s) if pieces is None else filled(pieces, found, width_s)
    assert pieces is not None
    return pieces


def _touching(pieces: Pieces, start: float, end: float) -> Flags:
    after = np.where(pieces.width_s > 0, pieces.ends > start, pieces.buckets.ts >= start)
    return after & (pieces.buckets.ts < end)


def _told(stored: Stored, start: float, end: float, tier: str, pieces: Pieces) -> History:
    made = pieces.buckets
    return History(
        device=stored.device, features=made.features, start=start, end=end, tier=tier,
        ts=made.ts, width_s=pieces.width_s, low=made.low, mean=made.mean, high=made.high,
        score=made.score, anomalies=made.anomalies, samples=made.samples,
        running_share=(made.judged / np.maximum(made.samples, 1)).astype(np.float32),
        threshold=made.threshold, breaks=breaks(pieces), gaps=gaps(pieces, start, end, stored.lost),
        lost=tuple(stored.lost),
    )  # fmt: skip
