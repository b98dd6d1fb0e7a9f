"""The usual step between samples, learnt from the newest of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detector.records import Times

NEWEST = 64  # steps looked at
ENOUGH = 8
REGULAR = 0.9  # share of the steps that are
NEAR = 0.25  # this close to their median


class Steps:
    """Median of the newest steps of increasing times, and whether they are alike."""

    def __init__(self) -> None:
        self._steps: npt.NDArray[np.float64] = np.empty(0)
        self._last: float | None = None
        self._fresh = 0
        self._wanted = ENOUGH  # fresh steps before it is looked at again: ever fewer looks
        self.median: float | None = None
        self.is_regular = False

    def add(self, ts: Times) -> None:
        """Take the next times, increasing; those before the newest so far count as nothing."""
        if not len(ts):
            return
        steps = np.diff(ts, prepend=ts[0] if self._last is None else self._last)
        steps = steps[steps > 0]
        self._last = float(ts[-1]) if self._last is None else max(self._last, float(ts[-1]))
        self._steps = np.concatenate([self._steps, steps])[-NEWEST:]
        self._fresh += len(steps)
        if self._fresh >= self._wanted:
            self._fresh = 0
            self._wanted = min(2 * self._wanted, 16 * NEWEST)
            self.median = float(np.median(self._steps))
            alike = np.abs(self._steps / self.median - 1) <= NEAR
            self.is_regular = bool(alike.mean() >= REGULAR)
