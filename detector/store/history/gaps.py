"""Where nothing is stored, told from buckets and single samples alike; pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from detector.records import Flags, Times
from detector.store.archive.reading import LostHour
from detector.store.history.tiers import Pieces

PERIODS = 3.0  # a longer silence is a gap, as it ends a session by default
NO_SAMPLES = "no samples"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which nothing is shown.

    Attributes:
        start: UTC seconds, as ``end``.
        end: When samples begin again.
        reason: One line.
    """

    start: float
    end: float
    reason: str


def breaks(pieces: Pieces) -> Flags:
    """Shape (N,), True where a gap lies before a bucket; never before the first."""
    found = np.zeros(len(pieces.buckets), np.bool_)
    if len(found) > 1:
        period = _periods(pieces)
        period = np.minimum(period[1:], period[:-1])
        silent = pieces.buckets.ts[1:] - pieces.ends[:-1]
        silent += np.where(pieces.width_s[:-1] > 0, period, 0.0)  # within the buckets, on average
        found[1:] = silent > PERIODS * period
    return found


def gaps(
    pieces: Pieces, start: float, end: float, lost: Sequence[LostHour] = ()
) -> tuple[Gap, ...]:
    """Every gap of a time, those before the first and after the newest sample among them.

    Args:
        pieces: What is shown.
        start: UTC seconds, as ``end``.
        end: Not in it.
        lost: Files that could not be read: the reason of the gaps within.
    """
    return tuple(Gap(a, b, _reason(a, b, lost)) for a, b in _silences(pieces, start, end))


def _reason(start: float, end: float, lost: Sequence[LostHour]) -> str:
    found = [hour.reason for hour in lost if hour.start < end and hour.end > start]
    return found[0] if found else NO_SAMPLES


def _silences(pieces: Pieces, start: float, end: float) -> Iterator[tuple[float, float]]:
    if not len(pieces.buckets):
        yield start, end
        return
    at = np.flatnonzero(breaks(pieces))
    begin = [start, *pieces.ends[at - 1], pieces.ends[-1]]
    stop = [pieces.buckets.ts[0], *pieces.buckets.ts[at], end]
    patience = PERIODS * _periods(pieces)[[0, -1]]
    least = [patience[0], *np.zeros(len(at)), patience[1]]
    for a, b, wait in zip(begin, stop, least, strict=True):
        if b - a > wait:
            yield float(a), float(b)


def _periods(pieces: Pieces) -> Times:
    """Shape (N,), seconds between the samples about each bucket, as far as it tells."""
    if len(pieces.buckets) < 2:
        return np.full(len(pieces.buckets), max(pieces.width_s.max(initial=0.0), 1.0))
    apart = float(np.median(np.diff(pieces.buckets.ts)))
    samples = pieces.buckets.samples
    return np.where(samples > 1, pieces.width_s / samples, apart)
