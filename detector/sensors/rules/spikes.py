"""Jumps for a sample or three that no mass makes, and that the other axes do not show.

What a machine does can be told, to a part, from the samples around it: it turns, it rings, and what
is faster than the sensor's filter lets through is not there. Where a sample is far from what those
around it tell, by the usual ways of this channel, something was added behind the filter.
"""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import LAGS, Array
from detector.text import counted

WITHIN_S = 20.0
FAR = 6.0  # deviations of what the samples around do not tell
BESIDE = 4.0  # likewise of the other axes, up to which they show nothing
NEAR = 2  # samples: so far from a jump another axis may show it
ALONE = 0.75  # share of them that the other axes must not show
RESTLESS = 1.6  # times the usual deviation: it moves otherwise, and that is no jump
FAINT = 1e-6  # of the power, below which nothing is told apart
NORMAL = 1.4826  # of the median, to the standard deviation


def _jumps(scene: Scene) -> Array:
    """Jumps in the look."""
    lags = scene.alike.lags
    known = np.isfinite(lags).all(axis=0) & (lags[0] > 0) & np.isfinite(scene.look.floor)
    found = np.where(known & scene.channels.shakes, 0.0, np.nan)
    columns = np.flatnonzero(np.isfinite(found))
    if len(columns) == 0 or len(scene.look) < 4 * LAGS:
        return scene.nothing
    untold, usual = _untold(scene.look.values[:, columns], lags[:, columns])
    scale = NORMAL * np.median(untold, axis=0)
    far = untold / np.maximum(np.maximum(scale, usual), np.finfo(float).tiny)
    rests = scale <= RESTLESS * usual
    place = {int(column): i for i, column in enumerate(columns)}
    for column in columns[rests & (far.max(axis=0) > FAR)].tolist():
        beside = [place[one] for one in scene.channels.siblings(column) if one in place]
        found[column] = _count(far[:, place[column]], far[:, beside])
    return found


def _untold(values: Array, lags: Array) -> tuple[Array, Array]:
    """How far each sample is from what those on both sides of it tell, and how far it usually is.

    Args:
        values: Shape (n, C).
        lags: Shape (1 + L, C), autocovariance.

    Returns:
        Shapes (n - 2 L, C) and (C,), in one unit that is a column's own.
    """
    order = len(lags) - 1
    taps, left = _predictors(lags)
    for weights in (taps, taps[::-1]):
        n = len(values) - order
        values = sum((weights[k] * values[order - k : order - k + n] for k in range(order + 1)), 0.0 * values[:n])
    centred = values - np.median(values, axis=0)
    return np.abs(centred), np.sqrt(left * (taps**2).sum(axis=0))


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
    """Jumps of a channel, apart from each other by more than one leaves a trace of."""
    at = np.flatnonzero(far > FAR)
    near = np.array([beside[max(i - NEAR, 0) : i + NEAR + 1].max(initial=0.0) for i in at])
    if (near <= BESIDE).mean() < ALONE:
        return 0
    return int((np.diff(at, prepend=-LAGS - 1) > LAGS).sum())


def _say(_: Scene, __: int, jumps: float) -> str:
    return (
        f"{counted(int(jumps), 'jump')} of a few samples within {WITHIN_S:.0f} s that its other "
        "axes do not show"
    )


RULE = Rule("spikes", _jumps, _say, default=2.0, least=2.0, looks=1, over_s=WITHIN_S)
