"""What a window's residual says: two terms per feature, the larger counts.

High scores indicate anomalies; 1.0 is the calibrated threshold for every model.

*Spread* is the two-sided log of the mean squared residual: a fault can lower vibration as well
as raise it. *Shift* is the square of the mean signed residual: a level shift, which squaring
before averaging would lose in the noise. Each term, and each side of the spread, is divided by
its largest value on held-out normal windows, so that none drowns another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
EVERY = -1  # as a column's feature: all of them
TINY = 1e-12  # keeps the log finite for a residual of exactly zero


@dataclass(frozen=True, slots=True)
class Terms:
    """What is kept of B windows.

    Attributes:
        log_mse: Shape (B, F), log of each feature's mean squared residual, scaled units squared.
        shift: Shape (B, F), square of each feature's mean signed residual.
    """

    log_mse: Array
    shift: Array

    def part(self, start: int, end: int) -> Terms:
        """The windows ``start`` to ``end``."""
        return Terms(self.log_mse[start:end], self.shift[start:end])

    def then(self, later: Terms) -> Terms:
        """These windows and those that follow."""
        return Terms(
            np.concatenate([self.log_mse, later.log_mse]),
            np.concatenate([self.shift, later.shift]),
        )

    def newest(self, count: int) -> Terms:
        """The last ``count`` windows, or as many as there are."""
        return self.part(max(len(self.log_mse) - count, 0), len(self.log_mse))

    @property
    def mse(self) -> Array:
        """Shape (B,), the plain window MSE: mean over samples and features."""
        mean: Array = (np.exp(self.log_mse) - TINY).mean(axis=1)
        return mean


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRule:
    """How terms become a score; learnt by calibration, saved in the bundle.

    Attributes:
        weights: Per feature, 0..1; a slow feature counts less.
        spread_centre: Per feature, median log MSE of normal windows.
        spread_low: Per feature, largest distance below it on held-out normal windows.
        spread_high: Per feature, largest distance above it.
        shift_scale: Per feature, largest shift on held-out normal windows.
        threshold: Raw score that becomes 1.0.
        smoothing: Windows whose terms are averaged, the newest and those before; 1 for none.
        judges: ``terms``, or ``mse`` for the plain window MSE alone.
        two_sided: Whether a residual smaller than normal counts as well.
        shifts: Whether the mean signed residual counts.

    Columns are the model's features for raw samples, their window features where it is trained on
    these, and a single distance for references that measure one.
    """

    weights: tuple[float, ...]
    spread_centre: tuple[float, ...]
    spread_low: tuple[float, ...]
    spread_high: tuple[float, ...]
    shift_scale: tuple[float, ...]
    threshold: float
    smoothing: int = 1
    judges: Literal["terms", "mse"] = "terms"
    two_sided: bool = True
    shifts: bool = True

    def column_scores(self, terms: Terms) -> Array:
        """Shape (B, K), in units of the threshold, from smoothed terms."""
        if self.judges == "mse":
            return np.asarray((np.exp(terms.log_mse) - TINY) / self.threshold)
        away = terms.log_mse - self.spread_centre
        below = -away / self.spread_low if self.two_sided else np.zeros_like(away)
        larger = np.where(away < 0, below, away / self.spread_high)
        if self.shifts:
            larger = np.maximum(larger, terms.shift / self.shift_scale)
        return np.asarray(larger * self.weights / self.threshold)

    def scores(self, column_scores: Array) -> Array:
        """Shape (B,): the largest column counts; of a plain MSE their mean."""
        if self.judges == "mse":
            return np.asarray(column_scores.mean(axis=1))
        return np.asarray(column_scores.max(axis=1))


def window_terms(residual: npt.NDArray[np.floating]) -> Terms:
    """Reduce residuals of shape (B, L, F) to terms, in float64."""
    exact = residual.astype(np.float64)
    return Terms(np.log((exact**2).mean(axis=1) + TINY), exact.mean(axis=1) ** 2)


def smooth(terms: Terms, width: int, before: Terms) -> Terms:
    """Causal mean of each term over ``width`` windows of one session.

    A network that misses the phase of a single window now and then is calmed before its terms
    are compared with anything; averaging the finished score would keep its scale.

    Args:
        terms: B consecutive windows.
        width: >= 1.
        before: At most ``width - 1`` windows of the same session just before, see ``newest``.

    Returns:
        B windows; the first of a session average those there are.
    """
    return Terms(
        _causal_mean(terms.log_mse, width, before.log_mse),
        _causal_mean(terms.shift, width, before.shift),
    )


def _causal_mean(values: Array, width: int, before: Array) -> Array:
    if width == 1:
        return values
    joined = np.concatenate([before, values])
    sums = np.cumsum(np.concatenate([np.zeros((1, joined.shape[1])), joined]), axis=0)
    end = np.arange(len(before), len(joined)) + 1
    start = np.maximum(end - width, 0)
    return np.asarray((sums[end] - sums[start]) / (end - start)[:, None])


def contributions(
    column_scores: npt.NDArray[np.floating], groups: Sequence[int], width: int
) -> npt.NDArray[np.float32]:
    """Share of each feature in one window's score.

    Args:
        column_scores: Shape (K,).
        groups: Feature each column comes from, ``EVERY`` for all of them.
        width: F.

    Returns:
        Shape (F,), sums to 1, or is all 0 where no column scores.
    """
    share = np.zeros(width)
    for column, feature in zip(column_scores.tolist(), groups, strict=True):
        touched = slice(None) if feature == EVERY else feature
        share[touched] = np.maximum(share[touched], column)
    total = share.sum()
    return (share / total if total > 0 else share).astype(np.float32)
