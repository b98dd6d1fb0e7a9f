"""Time scales: terms averaged over seconds beside those of one window.

A small fault that lasts moves the mean over ten seconds farther than chance does, where no window
stands out. What the window itself already calls abnormal, and the windows that overlap it, stay out
of the longer means: they are found, and would keep them high for seconds after the fault's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detector.records import Flags

Array = npt.NDArray[np.float64]
LEAST_SHARE = 0.5  # of the windows of a scale that must be in its mean


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeScale:
    """How far the terms of normal running, averaged over a longer time, lie from their level.

    Attributes:
        width: Windows in a row that are averaged.
        spread_low: Per column, largest distance of the spread below its level.
        spread_high: Per column, largest distance above it.
        shift_scale: Per column, largest square of the mean signed residual's distance.
        peak_high: Per column, largest distance of the peak above its level; empty: does not count.
    """

    width: int
    spread_low: tuple[float, ...]
    spread_high: tuple[float, ...]
    shift_scale: tuple[float, ...]
    peak_high: tuple[float, ...] = ()


class Limits(Protocol):
    """How far terms of normal running lie from their level, each of shape (K,)."""

    @property
    def spread_low(self) -> tuple[float, ...]:
        """See ``TimeScale``."""

    @property
    def spread_high(self) -> tuple[float, ...]:
        """See ``TimeScale``."""

    @property
    def shift_scale(self) -> tuple[float, ...]:
        """See ``TimeScale``."""

    @property
    def peak_high(self) -> tuple[float, ...]:
        """See ``TimeScale``."""


def against(
    limits: Limits, away: Array, shift: Array | None, peak: Array | None, *, two_sided: bool
) -> Array:
    """The largest of the terms, each divided by its limit.

    Args:
        limits: Of normal running.
        away: Shape (B, K), spread above its level, below 0 where it is lower.
        shift: Shape (B, K), square of the mean signed residual; None: does not count.
        peak: Shape (B, K), peak above its level; None: does not count.
        two_sided: Whether a spread below its level counts.
    """
    below = -away / limits.spread_low if two_sided else np.zeros_like(away)
    larger = np.where(away < 0, below, away / limits.spread_high)
    if shift is not None:
        larger = np.maximum(larger, shift / limits.shift_scale)
    if peak is not None:
        larger = np.maximum(larger, peak / limits.peak_high)
    return larger


class LongMeans:
    """Means over the last windows of one session, for several widths.

    A mean is whole where all of its windows were judged in a row, and at least half of them count.

    Args:
        widths: Windows each.
        columns: D, numbers of each window.
    """

    def __init__(self, widths: tuple[int, ...], columns: int) -> None:
        self._widths, self._columns = widths, columns
        self._kept = max(widths, default=0) + 1
        self.restart()

    def restart(self) -> None:
        """What comes next does not follow on."""
        self._sums = np.zeros((1, 2 * self._columns + 1))  # values, how many, judged windows

    def push(self, values: Array, judged: Flags, counts: Flags) -> list[Array]:
        """Take the next windows.

        Args:
            values: Shape (n, D); NaN where a window says nothing.
            judged: Shape (n,).
            counts: Shape (n,), which of them enter the means.

        Returns:
            Per width the means of shape (n, D) that end in each of them; NaN where not whole.
        """
        known = counts[:, None] & ~np.isnan(values)
        rows = np.hstack([np.where(known, values, 0.0), known, judged[:, None]])
        sums = np.concatenate([self._sums, self._sums[-1] + np.cumsum(rows, axis=0)])
        found = [self._mean(sums, width, len(values)) for width in self._widths]
        if len(sums) > 2 * self._kept:
            sums = sums[-self._kept :] - sums[-self._kept]
        self._sums = sums
        return found

    def _mean(self, sums: Array, width: int, count: int) -> Array:
        end = np.arange(len(sums) - count, len(sums))
        total = sums[end] - sums[np.maximum(end - width, 0)]
        known, judged = total[:, self._columns : -1].round(), total[:, -1:].round()
        is_whole = (judged == width) & (known >= LEAST_SHARE * width)
        nothing = np.full(known.shape, np.nan)
        mean: Array = np.divide(total[:, : self._columns], known, out=nothing, where=is_whole)
        return mean
