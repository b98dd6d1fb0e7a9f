"""The sampling rate of a device, measured on its own clock."""

from __future__ import annotations

import numpy as np

from detector.records import Times
from detector.short_arrays import middle, steps

STEPS = 64  # newest sampling steps looked at
STEPS_NEEDED = 16
TOLERANCE = 0.1


class RateMeter:
    """Median of the newest sampling steps.

    Args:
        period_s: Known from before, until enough steps are there again.
    """

    def __init__(self, period_s: float | None = None) -> None:
        self._steps: Times = np.empty(0)
        self._newest: float | None = None
        self._period_s = period_s

    def add(self, ts: Times) -> None:
        """Take the next times; steps back count as nothing."""
        found = steps(ts, ts[0] if self._newest is None else self._newest)
        self._steps = np.concatenate([self._steps, found[found > 0]])[-STEPS:]
        self._newest = float(ts[-1])
        if len(self._steps) >= STEPS_NEEDED:
            self._period_s = middle(self._steps)

    @property
    def period_s(self) -> float | None:
        """Seconds between samples, None before it is known."""
        return self._period_s

    @property
    def rate_hz(self) -> float | None:
        """Samples per second, None before it is known."""
        return None if self.period_s is None else 1.0 / self.period_s


def rate_misfit(rate_hz: float | None, sampling_period_s: float) -> str | None:
    """Why a rate does not fit a model; None when it does or is not known yet."""
    trained = 1.0 / sampling_period_s
    if rate_hz is None or abs(rate_hz / trained - 1) <= TOLERANCE:
        return None
    low, high = trained * (1 - TOLERANCE), trained * (1 + TOLERANCE)
    return (
        f"trained at {trained:.4g} Hz; found {rate_hz:.4g} Hz, allowed: {low:.4g} to {high:.4g} Hz"
    )
