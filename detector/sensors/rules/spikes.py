"""Jumps for a sample or three that no mass makes, and that the other axes do not show."""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array, Look, bends
from detector.sensors.past import ALIKE
from detector.text import counted

WITHIN_S = 10.0
HIGHER = 1.8  # times the sharpest bend of its past
ALONE = 0.75  # share of bends that the other axes must not show
APART = 5  # samples: bends closer than this are one jump
MORE = 1.2  # times the usual bend in the middle: it moves otherwise, and that is no jump


def _jumps(scene: Scene) -> Array:
    """Jumps within the last seconds."""
    usual = np.diagonal(scene.alike.bend)
    found = np.where(np.isfinite(scene.look.bend), 0.0 * usual, np.nan)
    seen = scene.within(WITHIN_S)
    sharpest = np.array([look.bend for look in seen])
    with np.errstate(invalid="ignore"):
        some = (sharpest > HIGHER * usual).any(axis=0) & np.isfinite(found)
    for column in np.flatnonzero(some).tolist():
        found[column] = sum(_count(look, column, scene) for look in seen)
    return found


def _count(look: Look, column: int, scene: Scene) -> int:
    usual, siblings = scene.alike.bend[column], scene.channels.siblings(column)
    is_as_now = np.abs(look.level - scene.look.level)[siblings] < ALIKE
    is_high = look.bend[column] > HIGHER * usual[column]
    moves_alike = look.stir[column] < MORE * scene.alike.stir[column]
    if not (is_high and moves_alike and is_as_now.all()):
        return 0
    sharp = np.abs(bends(look))
    at = np.flatnonzero(sharp[:, column] > HIGHER * usual[column])
    near = np.array([sharp[max(i - 2, 0) : i + 3, siblings].max(axis=0) for i in at])
    is_alone = (near <= usual[siblings]).all(axis=1).mean() >= ALONE
    if not is_alone:
        return 0
    return int((np.diff(at, prepend=-APART - 1) > APART).sum())


def _say(scene: Scene, column: int) -> str:
    count = int(np.nan_to_num(_jumps(scene)[column]))
    return (
        f"{counted(count, 'jump')} of a few samples within {WITHIN_S:.0f} s that its other axes "
        "do not show"
    )


RULE = Rule("spikes", _jumps, _say, default=2.0, least=2.0, looks=1)
