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
    was_there = np.isfinite(scene.past.median("mean")) | np.isfinite(scene.look.mean)
    beyond = np.maximum(scene.look.missing - TIMES * scene.past.mean("missing"), 0.0)
    return np.where(was_there, beyond, np.nan)


def _say(_: Scene, __: int, missing: float) -> str:
    return f"{counted(round(missing), 'sample')} without a value within {WITHIN_S:.0f} s"


RULE = Rule("missing", _missing, _say, default=2.0, least=2.0, looks=1, over_s=WITHIN_S)
