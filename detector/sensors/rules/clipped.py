"""Cut off: many samples at exactly the same highest or lowest value."""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array
from detector.text import plain

WITHIN_S = 3.0
FINE = 16  # different values, fewer tell no crest from a step
USUAL = 1.0  # times the most of its past


def _clipped(scene: Scene) -> Array:
    """Share of samples at a rail, beyond what coarse steps give."""
    if not scene.past.is_known:
        return scene.nothing
    found = scene.look.railed - USUAL * scene.past.highest("railed")
    tells = (scene.look.distinct >= FINE) & scene.channels.shakes
    return np.where(tells, np.maximum(found, 0.0), np.nan)


def _say(scene: Scene, column: int, _: float) -> str:
    look = scene.look
    x = look.values[:, column]
    share = f"{look.railed[column]:.0%}".replace("%", " %")
    return f"cut off at {plain(x.min())} and {plain(x.max())}, {share} of its samples"


RULE = Rule("clipped", _clipped, _say, default=0.1, least=0.06, looks=2, over_s=WITHIN_S)
