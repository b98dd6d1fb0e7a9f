"""Jumps for a sample or three that no mass makes, and that the other axes do not show.

What a machine does can be told, to a part, from the samples around it: it turns, it rings, and what
is faster than the sensor's filter lets through is not there. Where a sample is far from what those
around it tell, by the usual ways of this channel, something was added behind the filter.
"""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import BEFORE, LAGS, Array
from detector.text import counted

WITHIN_S = 20.0
FAR = 5.0  # deviations of what the samples around do not tell
BESIDE = 3.5  # likewise of the other axes, up to which they show nothing
NEAR = 2  # samples: so far from a jump another axis may show it
ALONE = 0.75  # share of them that the other axes must not show
RESTLESS = 1.6  # times the usual deviation: it moves otherwise, and that is no jump
FAINT = 1e-6  # of the power, below which nothing is told apart
NORMAL = 1.4826  # of the median, to the standard deviation


def _jumps(scene: Scene) -> Array:
    """Jumps in the look, and in the end of the one before that could not be told without this."""
    lags, found = scene.alike.lags, scene.nothing
    is_known = np.isfinite(lags).all(axis=0) & (lags[0] > 0) & np.isfinite(scene.look.floor)
    columns = np.flatnonzero(is_known & scene.channels.shakes)
    if len(columns) == 0 or len(scene.before) < BEFORE:
        return found
    values = np.concatenate([scene.before, scene.look.values])[:, columns]
    untold, usual = _untold(values, lags[:, columns])
    scale = NORMAL * np.median(untold, axis=0)
    far = untold / np.maximum(scale, usual)
    found[columns] = 0.0
    for i in np.flatnonzero((scale <= RESTLESS * usual) & (far.max(axis=0) > FAR)).tolist():
        siblings = np.isin(columns, scene.channels.siblings(int(columns[i])))
        found[columns[i]] = _count(far[:, i], far[:, siblings])
    return found


def _untold(values: Array, lags: Array) -> tuple[Array, Array]:
    """How far each sample is from what those on both sides tell, and the usual deviation of that.

    Args:
        values: Shape (n, C).
        lags: Shape (1 + L, C), autocovariance.

    Returns:
        Shapes (n - 2 L, C) and (C,), in a unit that is each column's own.
    """
    taps, variance = _predictors(lags)
    told = _filtered(_filtered(values, taps), taps[::-1])
    return np.abs(told - np.median(told, axis=0)), np.sqrt(variance * (taps**2).sum(axis=0))


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


def _count(far: Array, beside: Array) -> int:
    """Samples that are the farthest of those that one jump reaches, and not so of other axes."""
    widest = np.lib.stride_tricks.sliding_window_view(far, 2 * LAGS + 1).max(axis=1)
    middle = far[LAGS:-LAGS]
    at = LAGS + np.flatnonzero((middle > FAR) & (middle == widest))
    near = np.array([beside[i - NEAR : i + NEAR + 1].max(initial=0.0) for i in at])
    alone = near <= BESIDE
    return int(alone.sum()) if len(at) and alone.mean() >= ALONE else 0


def _say(_: Scene, __: int, jumps: float) -> str:
    return (
        f"{counted(int(jumps), 'jump')} of a few samples within {WITHIN_S:.0f} s that its other "
        "axes do not show"
    )


RULE = Rule("spikes", _jumps, _say, default=2.0, least=2.0, looks=1, over_s=WITHIN_S)
