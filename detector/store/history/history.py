"""A device's past in as many points as are asked for, from whatever tiers hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from detector.records import Flags, Times, Values
from detector.store.connecting import at_one_moment
from detector.store.history.buckets import Counts
from detector.store.history.gaps import Gap, breaks, gaps
from detector.store.history.reading import tier, uncounted_yet
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

    def __len__(self) -> int:
        return len(self.ts)


def history(
    connection: Connection, place: str, device: str, start: float, end: float, points: int
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
    pieces = tiers_from(connection, device, wanted.tier_s, start, end)
    pieces = shown(pieces[_touching(pieces, start, end)], wanted, points)
    return _told(device, start, end, NAMES[wanted.tier_s], pieces)


def tiers_from(
    connection: Connection, device: str, tier_s: int, start: float, end: float
) -> Pieces:
    """A tier, and coarser ones wherever it holds less than they have counted.

    A tier is read over whole buckets of the next one, so that the two can be compared.
    """
    widths = [width_s for width_s in (FULL, *WIDTHS) if width_s >= tier_s]
    spans = [aligned(start, end, whole) for whole in (*widths[1:], widths[-1])]
    newer = uncounted_yet(connection, device, max(tier_s, WIDTHS[0]), spans[-1])
    pieces: Pieces | None = None
    for width_s, span in zip(widths, spans, strict=True):
        found = tier(connection, device, width_s, span, newer)
        pieces = of_one_width(found, width_s) if pieces is None else filled(pieces, found, width_s)
    assert pieces is not None
    return pieces


def _touching(pieces: Pieces, start: float, end: float) -> Flags:
    after = np.where(pieces.width_s > 0, pieces.ends > start, pieces.buckets.ts >= start)
    return after & (pieces.buckets.ts < end)


def _told(device: str, start: float, end: float, tier_name: str, pieces: Pieces) -> History:
    made = pieces.buckets
    return History(
        device=device, features=made.features, start=start, end=end, tier=tier_name,
        ts=made.ts, width_s=pieces.width_s, low=made.low, mean=made.mean, high=made.high,
        score=made.score, anomalies=made.anomalies, samples=made.samples,
        running_share=(made.judged / np.maximum(made.samples, 1)).astype(np.float32),
        threshold=made.threshold, breaks=breaks(pieces), gaps=gaps(pieces, start, end),
    )  # fmt: skip
