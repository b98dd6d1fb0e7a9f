"""Thresholds: where they are placed, and what they mean in raw MSE. NumPy only.

Every method says beside its threshold how often it was crossed in the normal data, and what
those hours allow to be said of false alarms per day; see ``place_threshold``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.thresholds.best_f2 import f2_threshold, false_alarm_events
from detector.thresholds.tail import block_maxima, pot_threshold

Array = npt.NDArray[np.float64]

SECONDS_PER_DAY = 86_400.0
MAX_MARGIN = 1.25


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """Held-out scores of one stretch without gaps.

    Attributes:
        scores: Shape (n,), one per sample, >= 0, higher is more abnormal; NaN is not judged.
        faulty: Shape (n,), True where a fault is labelled; None: all of it is normal.
    """

    scores: npt.NDArray[np.floating]
    faulty: npt.NDArray[np.bool_] | None = None

    @property
    def normal(self) -> Array:
        """Shape (n,), NaN where it is faulty."""
        exact = self.scores.astype(np.float64)
        return exact if self.faulty is None else np.where(self.faulty, np.nan, exact)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRule:
    """What each method may be told; one method looks at one of these.

    Attributes:
        margin: ``max``: times the largest normal score, at least 1.
        quantile: ``quantile``: of the normal scores, above 0 to 1.
        deviations: ``sigma``: above their mean, above 0.
        alarms_per_day: ``pot``: false alarms that are accepted, above 0 to 1000.
        false_alarms_per_hour: ``f2``: most that may be seen in the normal data, 0 and more.

    Raises:
        TrainingError: If one is out of its range.
    """

    margin: float = MAX_MARGIN
    quantile: float = 0.999
    deviations: float = 4.0
    alarms_per_day: float = 0.1
    false_alarms_per_hour: float = 1.0

    def __post_init__(self) -> None:
        allowed = {
            "margin": (self.margin >= 1, "at least 1"),
            "quantile": (0 < self.quantile <= 1, "above 0 to 1"),
            "deviations": (self.deviations > 0, "above 0"),
            "alarms_per_day": (0 < self.alarms_per_day <= 1000, "above 0 to 1000"),
            "false_alarms_per_hour": (self.false_alarms_per_hour >= 0, "0 and more"),
        }
        for name, (is_allowed, text) in allowed.items():
            if not is_allowed:
                raise TrainingError(f"threshold: {name} {getattr(self, name)}, allowed: {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedThreshold:
    """A threshold and the data it rests on.

    Attributes:
        value: In the unit of the scores.
        method: One of ``METHODS``.
        windows: Judged normal scores.
        hours: Of judged normal data.
        false_alarms: Times they crossed the threshold, as separate events.
        false_alarms_per_day_bound: 95 % bound that those hours allow, never a bare rate.
    """

    value: float
    method: str
    windows: int
    hours: float
    false_alarms: int
    false_alarms_per_day_bound: float


def place_threshold(
    method: str, runs: Sequence[ScoredRun], period_s: float, rule: ThresholdRule | None = None
) -> PlacedThreshold:
    """Place a threshold on held-out scores.

    ``max`` is the largest normal score times a margin, ``quantile`` one of the normal scores,
    ``sigma`` their mean plus k deviations (scores are not normal: it is not the rate a Gaussian
    would give), ``pot`` an extrapolation to a rate of false alarms, and ``f2`` the best F2 on
    labelled samples among the thresholds with few enough false alarms.

    Args:
        method: One of ``METHODS``.
        runs: Normal; for ``f2`` some of it faulty. Faulty samples count for no other method.
        period_s: Seconds between scores, > 0.
        rule: None takes every default.

    Raises:
        TrainingError: If the method is unknown, or the data are too few for it.
    """
    if method not in METHODS:
        raise TrainingError(f"threshold method {method!r}, allowed: {', '.join(METHODS)}")
    normal = [run.normal for run in runs]
    count = sum(int(np.isfinite(scores).sum()) for scores in normal)
    if not count:
        raise TrainingError("calibration: no held-out normal window was scored, at least 1 needed")
    value = METHODS[method](runs, period_s, rule or ThresholdRule())
    hours = count * period_s / 3600
    seen = false_alarm_events(normal, value, period_s)
    return PlacedThreshold(
        value=value,
        method=method,
        windows=count,
        hours=hours,
        false_alarms=seen,
        false_alarms_per_day_bound=false_alarms_per_day_bound(seen, hours),
    )


def _pooled(runs: Sequence[ScoredRun]) -> Array:
    scores = np.concatenate([run.normal for run in runs])
    return np.asarray(scores[np.isfinite(scores)])


def _max(runs: Sequence[ScoredRun], _period_s: float, rule: ThresholdRule) -> float:
    return max_threshold(_pooled(runs), rule.margin)


def _quantile(runs: Sequence[ScoredRun], _period_s: float, rule: ThresholdRule) -> float:
    return float(np.quantile(_pooled(runs), rule.quantile, method="higher"))


def _sigma(runs: Sequence[ScoredRun], _period_s: float, rule: ThresholdRule) -> float:
    scores = _pooled(runs)
    return float(scores.mean() + rule.deviations * scores.std())


def _pot(runs: Sequence[ScoredRun], period_s: float, rule: ThresholdRule) -> float:
    return pot_threshold(block_maxima([run.normal for run in runs], period_s), rule.alarms_per_day)


def _f2(runs: Sequence[ScoredRun], period_s: float, rule: ThresholdRule) -> float:
    found = [run.scores[run.faulty].astype(np.float64) for run in runs if run.faulty is not None]
    faulty = np.concatenate([np.empty(0), *found])
    normal = [run.normal for run in runs]
    return f2_threshold(normal, faulty, period_s, rule.false_alarms_per_hour)


# name -> (runs, seconds between scores, rule) to a threshold
METHODS: dict[str, Callable[[Sequence[ScoredRun], float, ThresholdRule], float]] = {
    "max": _max,
    "quantile": _quantile,
    "sigma": _sigma,
    "pot": _pot,
    "f2": _f2,
}


def max_threshold(scores: npt.NDArray[np.floating], margin: float = MAX_MARGIN) -> float:
    """Place the threshold ``margin`` times above the largest held-out normal score.

    Args:
        scores: Shape (N,), held-out normal scores, >= 0; NaN is ignored.
        margin: >= 1.

    Returns:
        Threshold in the unit of ``scores``.

    Raises:
        TrainingError: If no score is finite.
    """
    finite = scores[np.isfinite(scores)]
    if not len(finite):
        raise TrainingError("calibration: no held-out normal window was scored, at least 1 needed")
    return float(finite.max()) * margin


def false_alarms_per_day_bound(false_alarms: int, hours: float) -> float:
    """95 % upper bound on false alarms per day, given those seen in ``hours`` of normal data.

    A Poisson bound: with none seen it is 3.0 over the days watched (the rule of three).

    Args:
        false_alarms: Seen in the normal data, >= 0.
        hours: Length of the normal data, > 0.

    Returns:
        False alarms per day.
    """
    # Bound of a Poisson mean by Byar's approximation; exact enough above 0 and simple.
    seen = false_alarms + 1
    mean = (
        2.9957
        if false_alarms == 0
        else seen * (1 - 1 / (9 * seen) + 1.6449 / (3 * math.sqrt(seen))) ** 3
    )
    return mean * 24.0 / hours


def feature_mse_at(
    score: float, log_centre: Sequence[float], log_gain: Sequence[float]
) -> npt.NDArray[np.float64]:
    """The window MSE at which each feature alone reaches ``score``.

    Args:
        score: Unitless, 1.0 is the calibrated threshold.
        log_centre: Shape (F,), log of each feature's normal window MSE.
        log_gain: Shape (F,), growth of that log per 1.0 of score.

    Returns:
        Shape (F,), in scaled units squared; a feature that is not judged stays at its normal.
    """
    exponent = np.asarray(log_centre) + score * np.asarray(log_gain)
    return np.exp(np.clip(exponent, -50.0, 50.0))


def mse_at(score: float, log_centre: Sequence[float], log_gain: Sequence[float]) -> float:
    """The window MSE with every judged feature exactly at ``score``.

    A window whose MSE is above this has at least one feature above ``score``.

    Args:
        score: Unitless, 1.0 is the calibrated threshold.
        log_centre: Shape (F,), see ``feature_mse_at``.
        log_gain: Shape (F,), see ``feature_mse_at``.

    Returns:
        Mean over features, in scaled units squared.
    """
    return float(feature_mse_at(score, log_centre, log_gain).mean())
