"""One axis reads less of everything: tones and noise alike, while the others read the usual.

A fault of the machine adds vibration. It may take some from one tone, but not from the noise too.
"""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array

OF_FLOOR = 0.5  # of the loss, that the noise must have lost, too


def _loss(scene: Scene) -> Array:
    """Log of how many times less it reads than when its siblings read the same."""
    level = scene.alike.level - scene.look.level
    floor = (np.diagonal(scene.alike.floor) - scene.look.floor) / 2.0
    with np.errstate(invalid="ignore"):
        loses_all = (level > 0) & (floor >= OF_FLOOR * level)
    return np.where(np.isfinite(level + floor), np.where(loses_all, level, 0.0), np.nan)


def _say(_: Scene, __: int, loss: float) -> str:
    return f"reads {np.exp(-loss):.2f} of its usual vibration, its other axes the usual"


RULE = Rule("scale", _loss, _say, default=0.25, least=0.15, looks=3)
