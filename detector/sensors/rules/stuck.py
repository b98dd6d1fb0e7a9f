"""The same value again and again.

A coarse channel rests in health, when its machine does. So a channel of few different values is
held against its siblings: it is stuck where they move as they did when it moved, too.
"""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import LEAST_LOG, Array
from detector.text import plain

FINE = 16  # different values in each look: such a channel never rests
LONGER = 3.0  # times the longest run of its past


def _stuck(scene: Scene) -> Array:
    """How long it has had one value, over the longest that could be health."""
    n = float(len(scene.look))
    if not scene.past.is_known:
        return scene.nothing
    usual = np.where(scene.channels.shakes, LONGER * scene.past.highest("run"), n)
    found = scene.held / np.fmax(usual, n)
    for column in np.flatnonzero((found > 1.0) & scene.channels.shakes):
        if not _must_move(scene, int(column)):
            found[column] = np.nan
    return found


def _must_move(scene: Scene, column: int) -> bool:
    is_fine = scene.past.lowest("distinct")[column] >= FINE
    return bool(is_fine or scene.alike.level[column] > LEAST_LOG / 2)  # it moved then


def _say(scene: Scene, column: int, _: float) -> str:
    look = scene.look
    seconds = scene.held[column] * (look.end - look.start) / max(len(look) - 1, 1)
    return f"the same value, {plain(look.values[-1, column])}, for {seconds:.1f} s"


RULE = Rule(
    "stuck", _stuck, _say, default=1.0, least=1.0, looks=1, clear_s=15.0, learns_others=True
)
