"""Noise of one axis alone, between all tones.

A machine that makes noise shakes every axis of a sensor; noise in one is made behind it. Without
other axes nothing can be said.
"""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array

SHARED = 4.0  # times the rise of a sibling is what a machine could do to this axis
DB = 10.0 / np.log(10.0)


def _rise(scene: Scene) -> Array:
    """Rise of the floor beyond what its siblings' explain, log of power."""
    risen = scene.look.floor - scene.alike.floor  # (F, F): of each, by the siblings of the row's
    found = scene.nothing
    for column in np.flatnonzero(np.isfinite(np.diagonal(risen))).tolist():
        others = risen[column, scene.channels.siblings(column)]
        found[column] = max(risen[column, column] - SHARED * np.abs(others).max(), 0.0)
    return found


def _say(scene: Scene, column: int, _: float) -> str:
    risen = DB * (scene.look.floor[column] - scene.alike.floor[column, column])
    if not np.isfinite(risen):
        return "its noise is above the usual, that of its other axes is not"
    return f"its noise is {risen:.0f} dB above the usual, that of its other axes is not"


RULE = Rule("noise", _rise, _say, default=1.2, least=0.8, looks=3)
