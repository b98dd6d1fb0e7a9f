"""Whether the normal level of the score has moved: a statement, not an alarm.

The level of an hour is the median of the judged score. The first day by a model says what is
normal and how much that varies; six later hours in a row beyond it, on one side, are drift.
Medians make an hour with a fault in it no drift, and a fault that stays is an alarm long before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.records import Frame

HOUR_S = 3600
EVERY_S = 10.0  # of sample time, between two scores that are looked at
FEWEST = 30  # scores that make an hour
REFERENCE, RECENT = 24, 6  # hours
MOVED, BACK = 4.0, 2.0  # spreads of the reference
LEAST_SPREAD = 0.05  # share of the level
MAD_TO_SD = 1.4826


@dataclass(frozen=True, slots=True)
class Level:
    """Median of the judged score of an hour; ``hour`` counts from 1970, sample time."""

    hour: int
    value: float


class HourlyLevel:
    """Of one device: takes frames, gives the level of each hour that is over."""

    def __init__(self) -> None:
        self._hour, self._last = -1, -np.inf
        self._scores: list[float] = []

    def take(self, frame: Frame) -> Level | None:
        """The level of the hour before, where the frame begins another; None: it does not."""
        ts = float(frame.ts[-1])
        if abs(ts - self._last) < EVERY_S:
            return None
        ended = self._ended(int(ts // HOUR_S))
        if frame.judged[-1] and np.isfinite(frame.score[-1]):
            self._scores.append(float(frame.score[-1]))
            self._last = ts
        return ended

    def _ended(self, hour: int) -> Level | None:
        if hour == self._hour:
            return None
        enough = len(self._scores) >= FEWEST
        level = Level(self._hour, float(np.median(self._scores))) if enough else None
        self._hour, self._scores = hour, []
        return level


def distance(levels: Sequence[float]) -> float | None:
    """How far the newest hours are from the first, in spreads of the first.

    Args:
        levels: Of the hours of one device by one model, the oldest first.

    Returns:
        Of the least distant of the newest hours, with its sign; 0 where they lie on both sides;
        None while there are too few hours.
    """
    if len(levels) < REFERENCE + RECENT:
        return None
    first, newest = np.asarray(levels[:REFERENCE]), np.asarray(levels[-RECENT:])
    centre = float(np.median(first))
    spread = MAD_TO_SD * float(np.median(np.abs(first - centre)))
    far = (newest - centre) / max(spread, LEAST_SPREAD * abs(centre), 1e-9)
    if far.min() < 0 < far.max():
        return 0.0
    return float(far[np.abs(far).argmin()])


def sentence(levels: Sequence[float]) -> str:
    """What has moved, and what to do."""
    before, now = np.median(levels[:REFERENCE]), np.median(levels[-RECENT:])
    return (
        f"the normal level of the score moved from {before:.3g} to {now:.3g}; if the machine is "
        "well, adopt it again"
    )
