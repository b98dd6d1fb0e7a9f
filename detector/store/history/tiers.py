"""Which tier answers, and tiers joined to one another; pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from detector.records import Flags, Times
from detector.store.history.buckets import Buckets, Counts, joined
from detector.store.history.rollups import TIERS, WIDTHS

FULL = 0  # width of the tier that holds each sample
NAMES = {FULL: "full"} | {width_s: name for name, width_s in TIERS.items()}
LEAST = 0.4  # of the points that are asked for, which a coarser tier must give to be preferred


@dataclass(frozen=True, slots=True)
class Plan:
    """How a time is to be shown.

    Attributes:
        tier_s: Width of the tier to read, seconds; ``FULL``: each sample.
        width_s: Of the buckets to show, a multiple of it.
    """

    tier_s: int
    width_s: float


def plan(span_s: float, points: int) -> Plan:
    """The coarsest tier that still fills two fifths of the points, and buckets of at most so many.

    Args:
        span_s: To be shown, > 0.
        points: Buckets at most, > 0.
    """
    for tier_s in reversed(WIDTHS):
        width_s = tier_s * math.ceil(span_s / points / tier_s)
        if span_s / width_s >= points * LEAST:
            return Plan(tier_s, width_s)
    return Plan(FULL, span_s / points)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Buckets of several widths.

    Attributes:
        buckets: N of them, in order of time.
        width_s: Shape (N,), seconds; 0: a single sample.
    """

    buckets: Buckets
    width_s: Times

    def __getitem__(self, part: Flags) -> Pieces:
        """Those where a flag is set; itself where all are."""
        if part.all():
            return self
        return Pieces(self.buckets[part], self.width_s[part])

    @property
    def ends(self) -> Times:
        """Shape (N,), where each ends."""
        return self.buckets.ts + self.width_s


def of_one_width(buckets: Buckets, width_s: float) -> Pieces:
    """Buckets that have all one width."""
    return Pieces(buckets, np.full(len(buckets), float(width_s)))


def filled(fine: Pieces, coarse: Buckets, coarse_s: int) -> Pieces:
    """Coarse buckets in place of the finer ones wherever those hold less.

    Args:
        fine: Whole coarse buckets long.
        coarse: Of the same samples, as far as they are stored.
        coarse_s: Width of a coarse bucket.
    """
    within = joined([fine.buckets], coarse_s)
    held = _samples_at(within, coarse.ts)
    is_short = held < coarse.samples
    if not is_short.any():
        return fine
    replaced = coarse.ts[is_short]
    keys = np.floor(fine.buckets.ts / coarse_s) * coarse_s
    return merged(fine[~np.isin(keys, replaced)], of_one_width(coarse[is_short], coarse_s))


def merged(one: Pieces, other: Pieces) -> Pieces:
    """Both in order of time."""
    if not len(other.buckets) or not len(one.buckets):
        return one if len(one.buckets) else other
    ts = np.concatenate([one.buckets.ts, other.buckets.ts])
    widths = np.concatenate([one.width_s, other.width_s])
    return Pieces(joined([one.buckets, other.buckets], 0), widths[np.argsort(ts, kind="stable")])


def shown(pieces: Pieces, wanted: Plan, points: int) -> Pieces:
    """What is drawn: at most so many buckets where they are not of a coarser tier anyway.

    Args:
        pieces: Of the wanted tier, and of coarser ones where it has nothing.
        wanted: From ``plan``.
        points: Single samples stay single where they are no more.
    """
    is_fine = pieces.width_s <= wanted.tier_s
    if wanted.tier_s == FULL and np.count_nonzero(is_fine) <= points:
        return pieces
    fine = joined([pieces.buckets[is_fine]], wanted.width_s)
    return merged(of_one_width(fine, wanted.width_s), pieces[~is_fine])


def aligned(start: float, end: float, width_s: int) -> tuple[float, float]:
    """The whole buckets that a time touches."""
    return math.floor(start / width_s) * width_s, math.ceil(end / width_s) * width_s


def _samples_at(within: Buckets, ts: Times) -> Counts:
    """Samples of the buckets that begin at given times, 0 where none does."""
    if not len(within):
        return np.zeros(len(ts), np.int64)
    place = np.minimum(within.ts.searchsorted(ts), len(within) - 1)
    return np.where(within.ts[place] == ts, within.samples[place], 0)
