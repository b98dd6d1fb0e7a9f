"""What a window's residual says: three terms per feature, and a plain rule; the largest counts.

High scores indicate anomalies; 1.0 is the calibrated threshold for every model.

*Spread* is the two-sided log of the mean squared residual: a fault can lower vibration as well
as raise it. *Shift* is the square of the mean signed residual: a level shift, which squaring
before averaging would lose in the noise. *Peak* is the log of the largest squared residual: a
spike of one sample is lost in a mean of many. The plain rule is *flatness*, of the signal itself:
the share of samples that repeat the one before. A sensor that is stuck, clips, or reports in
coarse steps does so more than it ever did while normal.

Each term, and each side of the spread, is divided by its largest value on held-out normal
windows, so that none drowns another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from detector.records import Flags
from detector.sessions.windows import flatness

Array = npt.NDArray[np.float64]
EVERY = -1  # as a column's feature: all of them
SCALES = ("spread_low", "spread_high", "shift_scale", "peak_high", "flat_scale")
LEAST_FLAT = 0.05  # share of repeats that is normal for any signal
TINY = 1e-12  # keeps the log finite for a residual of exactly zero


@dataclass(frozen=True, slots=True)
class Terms:
    """What is kept of B windows.

    Attributes:
        log_mse: Shape (B, K), log of each column's mean squared residual, scaled units squared.
        shift: Shape (B, K), square of each column's mean signed residual.
        log_peak: Shape (B, K), log of each column's largest squared residual.
        flat: Shape (B, F), share of samples that repeat the one before, of the signal itself.

    The first three are NaN where a window cannot show the column.
    """

    log_mse: Array
    shift: Array
    log_peak: Array
    flat: Array

    @property
    def each(self) -> tuple[Array, ...]:
        """The terms in their order."""
        return self.log_mse, self.shift, self.log_peak, self.flat

    def part(self, start: int, end: int) -> Terms:
        """The windows ``start`` to ``end``."""
        return Terms(*(term[start:end] for term in self.each))

    def then(self, later: Terms) -> Terms:
        """These windows and those that follow."""
        return joined([self, later])

    def newest(self, count: int) -> Terms:
        """The last ``count`` windows, or as many as there are."""
        return self.part(max(len(self.log_mse) - count, 0), len(self.log_mse))

    @property
    def mse(self) -> Array:
        """Shape (B,), mean of the columns' mean squared residuals."""
        mean: Array = (np.exp(self.log_mse) - TINY).mean(axis=1)
        return mean

    def first(self, columns: int) -> Terms:
        """The same without the columns after the first ones."""
        log_mse, shift, log_peak = (term[:, :columns] for term in self.each[:3])
        return Terms(log_mse, shift, log_peak, self.flat)

    def hiding(self, hidden: Flags) -> Terms:
        """The same without what shape (B, K) says cannot be shown."""
        log_mse, shift, log_peak = (np.where(hidden, np.nan, term) for term in self.each[:3])
        return Terms(log_mse, shift, log_peak, self.flat)

    def above(self, floor: Sequence[float]) -> Terms:
        """The same with a floor under each column's squared residual; none where empty."""
        if not floor:
            return self
        with np.errstate(divide="ignore", invalid="ignore"):  # a floor of 0, a column not shown
            log_mse = np.logaddexp(self.log_mse, np.log(floor))
            log_peak = np.logaddexp(self.log_peak, np.log(floor))
        return replace(self, log_mse=log_mse, log_peak=log_peak)

    def beside(self, other: Terms) -> Terms:
        """The columns of other terms of the same windows behind these."""
        pairs = zip(self.each[:3], other.each[:3], strict=True)
        log_mse, shift, log_peak = (np.concatenate(pair, axis=1) for pair in pairs)
        return Terms(log_mse, shift, log_peak, self.flat)


def joined(parts: Sequence[Terms]) -> Terms:
    """Terms of several batches, in order; at least one."""
    return Terms(*(np.concatenate(terms) for terms in zip(*(p.each for p in parts), strict=True)))


def no_terms(columns: int, features: int) -> Terms:
    """Terms of no window."""
    empty = np.empty((0, columns))
    return Terms(empty, empty, empty, np.empty((0, features)))


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
        peak_centre: Per column, median log peak of normal windows; empty: peaks do not count.
        peak_high: Per column, largest distance above it on held-out normal windows.
        flat_scale: Per feature, largest flatness of held-out normal windows; empty: it does not
            count.
        floor: Per column, squared residual that is as good as none, >= 0; empty: none is.

    Columns are the model's features for raw samples, then once more for the signal itself; window
    features where the model is trained on these; a single distance for references that measure one.
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
    peak_centre: tuple[float, ...] = ()
    peak_high: tuple[float, ...] = ()
    flat_scale: tuple[float, ...] = ()
    floor: tuple[float, ...] = ()

    def at_least(self, base: ScoreRule) -> ScoreRule:
        """The same rule where what was normal for a base is normal too.

        Scales are relative (logs, scaled units), so those of many machines serve a new one of which
        few sessions are known; its centres stay its own.

        Args:
            base: Of the bundle fine-tuned from; another kind of rule changes nothing.
        """
        same = (self.judges, self.smoothing) == (base.judges, base.smoothing)
        pairs = {name: (getattr(self, name), getattr(base, name)) for name in SCALES}
        if not same or any(len(own) != len(other) for own, other in pairs.values()):
            return self
        wider: dict[str, Any] = {
            n: tuple(map(max, own, other)) for n, (own, other) in pairs.items()
        }
        return replace(self, threshold=max(self.threshold, base.threshold), **wider)

    def groups(self, columns: Sequence[int]) -> tuple[int, ...]:
        """The feature of each score, from that of each of the K columns."""
        return (*columns, *range(len(self.flat_scale)))

    def column_scores(self, terms: Terms) -> Array:
        """From smoothed terms, in units of the threshold.

        Returns:
            Shape (B, K), or (B, K + F) where flatness counts. A column that a window cannot show
            is 0, and NaN for a plain MSE, which is the mean of the others then.
        """
        if self.judges == "mse":
            return np.asarray((np.exp(terms.log_mse) - TINY) / self.threshold)
        terms = terms.above(self.floor)
        away = terms.log_mse - self.spread_centre
        below = -away / self.spread_low if self.two_sided else np.zeros_like(away)
        larger = np.where(away < 0, below, away / self.spread_high)
        if self.shifts:
            larger = np.maximum(larger, terms.shift / self.shift_scale)
        if self.peak_centre:
            larger = np.maximum(larger, (terms.log_peak - self.peak_centre) / self.peak_high)
        weighted = np.where(np.isnan(away), 0.0, larger * self.weights)
        if self.flat_scale:
            weighted = np.concatenate([weighted, terms.flat / self.flat_scale], axis=1)
        return np.asarray(weighted / self.threshold)

    def scores(self, column_scores: Array) -> Array:
        """Shape (B,): the largest column counts; of a plain MSE their mean."""
        if self.judges == "mse":
            shown = np.maximum((~np.isnan(column_scores)).sum(axis=1), 1)
            return np.asarray(np.nan_to_num(column_scores).sum(axis=1) / shown)
        return np.asarray(column_scores.max(axis=1))


def window_terms(residual: npt.NDArray[np.floating], windows: npt.NDArray[np.floating]) -> Terms:
    """Reduce residuals to terms, in float64.

    Args:
        residual: Shape (B, S, K).
        windows: Shape (B, L, F), the signal they come from, scaled units.
    """
    return residual_terms(residual, flatness(windows))


def residual_terms(residual: npt.NDArray[np.floating], flat: Array) -> Terms:
    """The same where the flatness of the windows is known, shape (B, F)."""
    exact = residual.astype(np.float64)
    squared = exact**2
    return Terms(
        log_mse=np.log(squared.mean(axis=1) + TINY),
        shift=exact.mean(axis=1) ** 2,
        log_peak=np.log(squared.max(axis=1) + TINY),
        flat=flat,
    )


def distance_terms(distance: Array, windows: npt.NDArray[np.floating]) -> Terms:
    """Terms of one distance per window; its square stands for a mean squared residual.

    Args:
        distance: Shape (B,), above 0.
        windows: Shape (B, L, F), as for ``window_terms``.
    """
    log_squared = 2 * np.log(distance)[:, None]
    nothing = np.zeros_like(log_squared)
    return Terms(log_squared, nothing, nothing, flatness(windows))


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
    pairs = zip(terms.each, before.each, strict=True)
    return Terms(*(_causal_mean(term, width, earlier) for term, earlier in pairs))


def _causal_mean(values: Array, width: int, before: Array) -> Array:
    if width == 1:
        return values
    joined = np.concatenate([before, values])
    end = np.arange(len(before), len(joined)) + 1
    start = np.maximum(end - width, 0)
    shown = ~np.isnan(joined)
    sums = _running_sum(np.where(shown, joined, 0.0))
    counts = _running_sum(shown.astype(np.float64))
    total, among = sums[end] - sums[start], counts[end] - counts[start]
    return np.divide(total, among, out=np.full_like(total, np.nan), where=among > 0)


def _running_sum(values: Array) -> Array:
    return np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), values]), axis=0)


def contributions(
    column_scores: npt.NDArray[np.floating], groups: Sequence[int], width: int
) -> npt.NDArray[np.float32]:
    """Share of each feature in one window's score.

    Args:
        column_scores: Shape (K,) or more, see ``ScoreRule.column_scores``.
        groups: Feature each comes from, ``EVERY`` for all of them.
        width: F.

    Returns:
        Shape (F,), sums to 1, or is all 0 where no column scores.
    """
    share = np.zeros(width)
    for column, feature in zip(np.nan_to_num(column_scores).tolist(), groups, strict=True):
        touched = slice(None) if feature == EVERY else feature
        share[touched] = np.maximum(share[touched], column)
    total = share.sum()
    return (share / total if total > 0 else share).astype(np.float32)
