"""What a window's residual says: three terms per feature, and a plain rule; the largest counts.

High scores indicate anomalies; 1.0 is the calibrated threshold for every model.

*Spread* is the two-sided log of the mean squared residual: a fault can lower vibration as well
as raise it. *Shift* is the square of the mean signed residual: a level shift, which squaring
before averaging would lose in the noise. *Peak* is the log of the largest squared residual: a
spike of one sample is lost in a mean of many. The plain rule is *flatness*, of the signal itself:
the share of samples that repeat the one before. A sensor that is stuck, clips, or reports in
coarse steps does so more than it ever did while normal.

Each term, and each side of the spread, is divided by its largest value on held-out normal
windows, so that none drowns another. Beside one window stand the same terms averaged over longer
times, each with limits of its own; the centres are a fleet's, or one machine's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from detector.normal.level import Level
from detector.normal.scales import Limits, TimeScale, against
from detector.normal.terms import TINY, Terms
from detector.records import Flags
from detector.sessions.windows import flatness

Array = npt.NDArray[np.float64]
EVERY = -1  # as a column's feature: all of them
SCALES = ("spread_low", "spread_high", "shift_scale", "peak_high", "flat_scale")
LEAST_FLAT = 0.05  # share of repeats that is normal for any signal


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
        mean_centre: Per column, mean signed residual of normal windows; empty: 0.
        scales: Longer times over which the same terms are averaged.

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
    mean_centre: tuple[float, ...] = ()
    scales: tuple[TimeScale, ...] = ()

    @property
    def reach(self) -> int:
        """Windows up to the newest that a score looks at."""
        longest = max((scale.width for scale in self.scales), default=0)
        return self.smoothing + longest

    def around(self, level: Level) -> ScoreRule:
        """The same limits around other centres."""
        return replace(
            self,
            spread_centre=tuple(level.spread.tolist()),
            peak_centre=tuple(level.peak.tolist()) if self.peak_centre else (),
            mean_centre=tuple(level.mean.tolist()),
        )

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
        """From smoothed terms above ``floor``, in units of the threshold.

        Returns:
            Shape (B, K), or (B, K + F) where flatness counts. A column that a window cannot show
            is 0, and NaN for a plain MSE, which is the mean of the others then.
        """
        if self.judges == "mse":
            return np.asarray((np.exp(terms.log_mse) - TINY) / self.threshold)
        shift = terms.shift
        if self.mean_centre:  # mean of (m - centre)², from the means of m² and of m
            centre = np.array(self.mean_centre)
            shift = np.maximum(shift + centre * (centre - 2 * terms.mean), 0.0)
        larger = self._larger(self, terms.log_mse, shift, terms.log_peak)
        weighted = np.where(np.isnan(larger), 0.0, larger * self.weights)
        if self.flat_scale:
            weighted = np.concatenate([weighted, terms.flat / self.flat_scale], axis=1)
        return np.asarray(weighted / self.threshold)

    def long_scores(self, means: Sequence[Array]) -> Array:
        """From the means of smoothed terms over each of ``scales``, in units of the threshold.

        Args:
            means: Per scale of shape (B, 3K): ``log_mse``, ``mean``, ``log_peak``; NaN where not
                whole.

        Returns:
            Shape (B, K), 0 where no mean is whole.
        """
        found = np.zeros((len(means[0]), len(self.weights)))
        for scale, mean in zip(self.scales, means, strict=True):
            log_mse, signed, log_peak = np.split(mean, 3, axis=1)
            shift = (signed - (self.mean_centre or 0.0)) ** 2
            found = np.fmax(found, self._larger(scale, log_mse, shift, log_peak))
        return np.asarray(found * self.weights / self.threshold)

    def _larger(self, limits: Limits, log_mse: Array, shift: Array, log_peak: Array) -> Array:
        return against(
            limits,
            log_mse - self.spread_centre,
            shift if self.shifts else None,
            log_peak - self.peak_centre if self.peak_centre else None,
            two_sided=self.two_sided,
        )

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
    # (B, K, S): numpy reduces the last axis six times as fast as one with three columns behind it.
    exact = np.ascontiguousarray(residual.transpose(0, 2, 1), np.float64)
    mean = exact.mean(axis=2)
    squared = np.square(exact, out=exact)
    return Terms(
        log_mse=np.log(squared.mean(axis=2) + TINY),
        shift=mean**2,
        log_peak=np.log(squared.max(axis=2) + TINY),
        flat=flat,
        mean=mean,
    )


def distance_terms(distance: Array, windows: npt.NDArray[np.floating]) -> Terms:
    """Terms of one distance per window; its square stands for a mean squared residual.

    Args:
        distance: Shape (B,), above 0.
        windows: Shape (B, L, F), as for ``window_terms``.
    """
    log_squared = 2 * np.log(distance)[:, None]
    nothing = np.zeros_like(log_squared)
    return Terms(log_squared, nothing, nothing, flatness(windows), nothing)


def worst_contributions(
    scores: Array, judged: Flags, groups: Sequence[int], width: int
) -> npt.NDArray[np.float32]:
    """``contributions`` to the largest of B scores, (B, K) or more, of those judged if any is."""
    counted = scores[judged] if judged.any() else scores
    if not len(counted):
        return np.zeros(width, np.float32)
    return contributions(counted[counted.max(axis=1).argmax()], groups, width)


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
