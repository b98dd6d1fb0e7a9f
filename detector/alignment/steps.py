"""The usual step between samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detector.records import Times
from detector.short_arrays import steps

NEWEST = 64  # steps looked at
ENOUGH = 8
REGULAR = 0.9  # share of the steps that are
NEAR = 0.25  # this close to their median


class Usual(NamedTuple):
    """Median step of times in seconds, and whether nearly all are like it."""

    step_s: float
    is_regular: bool


def usual_step(ts: Times) -> Usual | None:
    """Of the newest of increasing times; None where they are too few."""
    return _usual(np.diff(ts[-NEWEST - 1 :]))


def _usual(found: npt.NDArray[np.float64]) -> Usual | None:
    found = found[found > 0]
    if len(found) < ENOUGH:
        return None
    median = float(np.median(found))
    return Usual(median, bool((np.abs(found / median - 1) <= NEAR).mean() >= REGULAR))


class StepMeter:
    """The usual step of a stream of times, looked at ever more seldom."""

    def __init__(self) -> None:
        self.step_s: float | None = None
        self._steps: npt.NDArray[np.float64] = np.empty(0)
        self._last: float | None = None
        self._fresh = 0
        self._wanted = ENOUGH  # fresh steps before the next look

    def add(self, ts: Times) -> None:
        """Take the next times, increasing."""
        found = steps(ts, ts[0] if self._last is None else self._last)
        self._last = float(ts[-1])
        self._fresh += len(found)
        if self._fresh + NEWEST < self._wanted:
            return  # too long before the next look to count
        self._steps = np.concatenate([self._steps, found])[-NEWEST:]
        if self._fresh >= self._wanted:
            self._fresh, self._wanted = 0, min(2 * self._wanted, 16 * NEWEST)
            usual = _usual(self._steps)
            self.step_s = self.step_s if usual is None else usual.step_s
