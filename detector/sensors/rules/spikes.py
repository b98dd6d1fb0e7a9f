"""Jumps for a sample or three that no mass makes, and that the other axes do not show."""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import LAGS, Array
from detector.sensors.past import FEWEST
from detector.text import counted

WITHIN_S = 20.0
FAR = 5.0  # deviations of what the samples around do not tell
HIGHER = 1.5  # times the usual farthest of a look
BESIDE = 3.5  # deviations of the other axes, up to which they show nothing
NEAR = 2  # samples: so far from a jump another axis may show it
ALONE = 0.75  # share of them that the other axes must not show


def _jumps(scene: Scene) -> Array:
    """Jumps in the look, and in the end of the one before that could not be told without this."""
    far, found = scene.far, scene.nothing
    is_known = np.isfinite(scene.past.of("farthest")).sum(axis=0) >= FEWEST
    limit = np.fmax(FAR, HIGHER * scene.past.median("farthest"))
    found[is_known & scene.channels.shakes & np.isfinite(scene.look.floor)] = 0.0
    with np.errstate(invalid="ignore"):
        farthest = far.max(axis=0)
        some = np.isfinite(found + farthest) & (farthest > limit)
    for column in np.flatnonzero(some).tolist():
        beside = np.nan_to_num(far[:, scene.channels.siblings(column)], posinf=np.inf)
        found[column] = _count(far[:, column], beside, float(limit[column]))
    return found


def _count(far: Array, beside: Array, limit: float) -> int:
    """Samples that are the farthest of those that one jump reaches, and not so of other axes."""
    widest = np.lib.stride_tricks.sliding_window_view(far, 2 * LAGS + 1).max(axis=1)
    middle = far[LAGS:-LAGS]
    at = LAGS + np.flatnonzero((middle > limit) & (middle == widest))
    near = np.array([beside[i - NEAR : i + NEAR + 1].max(initial=0.0) for i in at])
    alone = near <= BESIDE
    return int(alone.sum()) if len(at) and alone.mean() >= ALONE else 0


def _say(_: Scene, __: int, jumps: float) -> str:
    return (
        f"{counted(int(jumps), 'jump')} of a few samples within {WITHIN_S:.0f} s that its other "
        "axes do not show"
    )


RULE = Rule("spikes", _jumps, _say, default=2.0, least=2.0, looks=1, over_s=WITHIN_S)
