"""What is in a sample that those on both sides of it do not tell.

What a machine does can be told, to a part, from the samples around it: it turns, it rings, and what
is faster than the sensor's filter lets through is not there. What is added behind the filter shows.
"""

from __future__ import annotations

import numpy as np

from detector.sensors.look import BEFORE, Array, Look
from detector.sensors.past import SPREAD
from detector.short_arrays import middles

RESTLESS = 1.6  # times the usual deviation: it moves otherwise, and nothing is told
FAINT = 1e-6  # of the power, below which nothing is told apart


def untold(before: Array, look: Look, lags: Array) -> Array:
    """How far each sample is from what those around it tell, in deviations.

    Args:
        before: Shape (``BEFORE``, F), values before the look, NaN of channels with holes; fewer
            where there is a gap.
        look: Of n samples.
        lags: Shape (1 + L, F), autocovariance as is usual; NaN where unknown.

    Returns:
        Shape (n + ``BEFORE`` - 2 L, F); NaN of channels of which nothing can be said, infinite of
        those that move otherwise than usual as a whole.
    """
    is_known = np.isfinite(lags).all(axis=0) & (lags[0] > 0) & np.isfinite(look.floor)
    is_known &= np.isfinite(before).all(axis=0)
    found = np.full((len(look) + BEFORE - 2 * (len(lags) - 1), lags.shape[1]), np.nan)
    if len(before) < BEFORE or not is_known.any():
        return found
    values = np.concatenate([before, look.values])[:, is_known]
    left, usual = _left(values, lags[:, is_known])
    scale = SPREAD * middles(left)
    found[:, is_known] = np.where(
        scale <= RESTLESS * usual, left / np.maximum(scale, usual), np.inf
    )
    return found


def _left(values: Array, lags: Array) -> tuple[Array, Array]:
    """What those on both sides of each sample do not tell, and its usual deviation.

    Args:
        values: Shape (n, C).
        lags: Shape (1 + L, C), autocovariance.

    Returns:
        Shapes (n - 2 L, C) and (C,), in a unit that is each column's own.
    """
    taps, variance = _predictors(lags)
    told = _filtered(_filtered(values, taps), taps[::-1])
    return np.abs(told - middles(told)), np.sqrt(variance * (taps**2).sum(axis=0))


def _filtered(values: Array, taps: Array) -> Array:
    order = len(taps) - 1
    windows = np.lib.stride_tricks.sliding_window_view(values, order + 1, axis=0)
    return np.asarray(np.einsum("nck,kc->nc", windows, taps[::-1]))


def _predictors(lags: Array) -> tuple[Array, Array]:
    """Weights that leave of each sample what those before it do not tell, and how much that is.

    Returns:
        Shapes (1 + L, C), the first row ones, and (C,), variance.
    """
    order = len(lags) - 1
    at = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    square = np.moveaxis(lags[at], -1, 0) + FAINT * lags[0][:, None, None] * np.eye(order)
    told = np.linalg.solve(square, lags[1:].T[..., None])[..., 0].T
    left = lags[0] - (told * lags[1:]).sum(axis=0)
    taps = np.concatenate([np.ones((1, lags.shape[1])), -told])
    return taps, np.maximum(left, FAINT * lags[0])
