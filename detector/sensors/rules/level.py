"""The mean of a vibration moves, at once or slowly, and the vibration does not change.

A housing that stays where it is has no mean acceleration but gravity. Whether a channel is such a
one is told by its own past: three axes that make up gravity, or a mean that is small beside the
vibration. Where the vibration changes too, only much of gravity counts: what is sampled too slowly
may fold down to a mean.
"""

from __future__ import annotations

import numpy as np

from detector.records import Flags
from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array
from detector.sensors.past import ALIKE
from detector.text import plain

OF_GRAVITY = 0.005  # the mean that temperature may move, in a sensor nobody has learnt
GRAVITIES = (1.0, 9.81, 1000.0)  # g, m/s², mg
NEAR = 0.05
MUCH = 0.05  # of gravity
SURE = 6.0  # deviations of the means of the past


def _moved(scene: Scene) -> Array:
    """How far the mean is from that of the past, over a two-hundredth of gravity or the spread."""
    past = scene.past
    if not past.is_known:
        return scene.nothing
    unit = _unit(scene)
    far = np.abs(scene.look.mean - past.median("mean")) / unit
    moved = np.abs(scene.look.mean - scene.alike.mean)
    moved = np.where(moved > SURE * past.spread("mean"), moved, 0.0 * moved) / unit
    is_much = far * OF_GRAVITY > MUCH
    return np.where(is_much, far, np.where(_vibrates_alike(scene), moved, np.nan))


def _before(scene: Scene) -> Array:
    """Mean of moments like this one, else of all."""
    alike = scene.alike.mean
    return np.where(np.isfinite(alike), alike, scene.past.median("mean"))


def _vibrates_alike(scene: Scene) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(scene.look.level - scene.alike.level) < ALIKE)


def gravity(scene: Scene, axes: tuple[int, ...]) -> float | None:
    """Size of gravity in the unit of three axes; None where their means do not make it up."""
    means = scene.past.median("mean")[list(axes)]
    size = float(np.sqrt((means**2).sum()))
    return next((one for one in GRAVITIES if len(axes) == 3 and abs(size / one - 1) < NEAR), None)


def _unit(scene: Scene) -> Array:
    """Shape (F,), NaN of channels whose mean may move in health."""
    unit = np.where(_swings(scene), np.exp(scene.past.highest("level")), np.nan)
    for axes in scene.channels.sensors:
        size = gravity(scene, axes)
        if size is not None:
            unit[list(axes)] = OF_GRAVITY * size
    return unit


def _swings(scene: Scene) -> Flags:
    """Whether a vibration goes to both sides of about nothing."""
    past = scene.past
    is_small = np.abs(past.median("mean")) < np.exp(past.median("level"))
    return np.asarray(is_small & scene.channels.shakes)


def _say(scene: Scene, column: int, _: float) -> str:
    before, now = _before(scene)[column], scene.look.mean[column]
    return f"its mean moved by {plain(now - before)} to {plain(now)}"


RULE = Rule("level", _moved, _say, default=1.0, least=0.03, looks=3)
