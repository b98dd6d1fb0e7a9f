"""Thresholds: where they are placed, and what they mean in raw MSE. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError

SECONDS_PER_DAY = 86_400.0
MAX_MARGIN = 1.25


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
