"""Jumps for a sample or three that no mass makes, and that the other axes do not show."""

from __future__ import annotations

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array, bends
from detector.text import counted

WITHIN_S = 20.0
HIGHER = 2.2  # times the usual sharpest bend
BESIDE = 1.5  # likewise of the other axes, up to which they show nothing
ALONE = 0.75  # share of bends that the other axes must not show
MOST = 0.15  # share of samples that are part of jumps; more is noise
APART = 5  # samples: bends closer than this are one jump
MORE = 1.4  # times the usual bend in the middle: it moves otherwise, and that is no jump


def _jumps(scene: Scene) -> Array:
    """Jumps in the look."""
    usual = np.diagonal(scene.alike.bend)
    look = scene.look
    found = np.where(np.isfinite(look.bend), 0.0 * usual, np.nan)
    with np.errstate(invalid="ignore"):
        some = (look.bend > HIGHER * usual) & (look.stir < MORE * scene.alike.stir)
    for column in np.flatnonzero(some).tolist():
        found[column] = _count(scene, column)
    return found


def _count(scene: Scene, column: int) -> int:
    usual, siblings = scene.alike.bend[column], scene.channels.siblings(column)
    sharp = np.abs(bends(scene.look))
    at = np.flatnonzero(sharp[:, column] > HIGHER * usual[column])
    near = np.array([sharp[max(i - 2, 0) : i + 3, siblings].max(axis=0) for i in at])
    alone = (near <= BESIDE * usual[siblings]).all(axis=1)
    is_jump = bool(alone.mean() >= ALONE) and len(at) <= MOST * len(sharp)
    return int((np.diff(at, prepend=-APART - 1) > APART).sum()) if is_jump else 0


def _say(_: Scene, __: int, jumps: float) -> str:
    return (
        f"{counted(int(jumps), 'jump')} of a few samples within {WITHIN_S:.0f} s that its other "
        "axes do not show"
    )


RULE = Rule("spikes", _jumps, _say, default=2.0, least=2.0, looks=1, over_s=WITHIN_S)
