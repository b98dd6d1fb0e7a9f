"""Crests cut off: rarely, and each time at exactly the same value."""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.ends import OVER
from detector.sensors.look import Array
from detector.sensors.rules.clipped import FINE
from detector.text import plain

FREE = 1.0  # looks that usually end alike, at most: of more, steps are coarse or a tone is pure


def _crests(scene: Scene) -> Array:
    """Looks that end at the value at which another did."""
    if not scene.past.is_known:
        return scene.nothing
    is_free = scene.past.median("again") <= FREE
    tells = (scene.look.distinct >= FINE) & scene.channels.shakes & is_free
    return np.where(tells, scene.look.again, np.nan)


def _say(scene: Scene, column: int, looks: float) -> str:
    x = scene.look.values[:, column]
    return (
        f"no further than {plain(x.min())} and {plain(x.max())}: {looks + 1:.0f} of the last "
        f"{OVER} looks end at exactly the same value"
    )


RULE = Rule("crests", _crests, _say, default=10.0, least=3.0, looks=1)
