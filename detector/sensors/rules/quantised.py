"""The resolution is suddenly coarser: few different values, far apart."""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array

FEWER = 3.0  # times fewer different values than usual


def _coarser(scene: Scene) -> Array:
    """How many times the usual step, as a power of two; not of a single value: that is stuck."""
    past, look = scene.past, scene.look
    if not past.is_known:
        return scene.nothing
    usual = past.median("step")
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.log2(look.step / usual)
    is_poor = look.distinct * FEWER < past.median("distinct")
    tells = np.isfinite(found) & (look.distinct > 1) & scene.channels.shakes
    return np.where(tells, np.where(is_poor, found, 0.0), np.nan)


def _say(scene: Scene, column: int, _: float) -> str:
    step, usual = scene.look.step[column], scene.past.median("step")[column]
    return f"moves in steps of {step:.2g}, usual are {usual:.2g}"


RULE = Rule("coarse", _coarser, _say, default=3.0, least=2.0, looks=2)
