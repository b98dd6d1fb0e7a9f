"""Values that do not come though their samples do."""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array
from detector.text import counted

WITHIN_S = 10.0
TIMES = 5.0  # times the mean of its past


def _missing(scene: Scene) -> Array:
    """Samples without a value, beyond what is usual of a channel that was ever there."""
    seen = scene.within(WITHIN_S)
    found = np.sum([look.missing for look in seen], axis=0)
    usual = TIMES * len(seen) * scene.past.mean("missing")
    was_there = np.isfinite([look.mean for look in (*scene.recent, scene.look)]).any(axis=0)
    return np.where(was_there, np.maximum(found - usual, 0.0), np.nan)


def _say(scene: Scene, column: int) -> str:
    seen = scene.within(WITHIN_S)
    lost = int(sum(look.missing[column] for look in seen))
    seconds = scene.look.end - seen[-1].start
    return f"{counted(lost, 'sample')} without a value in {seconds:.0f} s"


RULE = Rule("missing", _missing, _say, default=2.0, least=2.0, looks=1)
