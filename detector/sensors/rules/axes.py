"""Axes exchanged or reversed: the same vibration and gravity, elsewhere or the other way round.

Means, sizes and how the axes move together make up what a sensor hears. Where that is unlike all
of the past, but like it with two axes exchanged or one turned round, that is what has happened.
A fault of a machine adds something, which no exchange explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from detector.sensors.contract import Rule, Scene
from detector.sensors.look import Array
from detector.sensors.rules.level import gravity
from detector.text import plain

OF_GRAVITY, OF_LEVEL, TOGETHER = 0.1, 0.25, 0.3  # differences that count one
OF_USUAL = 0.05  # of gravity, that a mean may differ by when nothing is turned
FITS = 8.0  # sum of squares that health is within
TIMES = 3.0  # as much better must the exchange fit


@dataclass(frozen=True, slots=True)
class Turn:
    """Each axis shows ``signs`` times the axis ``sources`` of before."""

    sources: tuple[int, ...]
    signs: tuple[int, ...]

    @property
    def moved(self) -> list[int]:
        """Axes that show something else."""
        pairs = enumerate(zip(self.sources, self.signs, strict=True))
        return [i for i, (source, sign) in pairs if source != i or sign < 0]

    @property
    def words(self) -> str:
        """What has happened."""
        is_exchange = any(source != i for i, source in enumerate(self.sources))
        is_reversed = min(self.signs) < 0
        return " and ".join(["exchanged"] * is_exchange + ["reversed"] * is_reversed)


def _turns(count: int) -> list[Turn]:
    """The simple ones: two axes exchanged, or one reversed, or both; nothing else comes alone."""
    every = [
        Turn(sources, signs)
        for sources in permutations(range(count))
        for signs in product((1, -1), repeat=count)
    ]
    return [turn for turn in every if turn.moved and turn.signs.count(-1) <= 1]


TURNS = {count: _turns(count) for count in (2, 3)}


@dataclass(frozen=True, slots=True)
class _Heard:
    """What some looks say of the axes of one sensor: one row a look, each number over its unit."""

    means: Array
    levels: Array
    cross: np.ndarray

    def turned(self, turn: Turn) -> _Heard:
        """As it would be after a turn."""
        sources, signs = list(turn.sources), np.array(turn.signs)
        cross = self.cross[:, sources][:, :, sources] * signs[:, None] * signs
        return _Heard(self.means[:, sources] * signs, self.levels[:, sources], cross)

    def nearest(self, other: _Heard) -> float:
        """Least sum of squares over the rows; infinite where none is known."""
        parts = (self.means - other.means, self.levels - other.levels)
        far = sum((part**2).sum(axis=1) for part in parts)
        far = far + (np.abs(self.cross - other.cross) ** 2).sum(axis=(1, 2)) / 2.0
        known = far[np.isfinite(far)]
        return float(known.min()) if len(known) else np.inf


def _turned(scene: Scene) -> Array:
    """How unlike the past, in sums of squares, of the axes that an exchange explains."""
    found = scene.nothing
    if not scene.past.is_known:
        return found
    for axes in scene.channels.sensors:
        if np.isfinite(scene.look.floor[list(axes)]).all():
            found[list(axes)] = 0.0
            if _is_usual(scene, list(axes)):
                continue
            far, turn = _explained(scene, axes)
            if turn is not None:
                found[[axes[i] for i in turn.moved]] = far
    return found


def _is_usual(scene: Scene, axes: list[int]) -> bool:
    """Whether it is plain that nothing is turned, which spares the search."""
    look, alike = scene.look, scene.alike
    far = np.abs(look.level - alike.level)[axes] < OF_LEVEL
    moved = np.abs(look.mean - scene.past.median("mean"))[axes]
    together = np.abs(look.cross - alike.cross[axes]).max() < TOGETHER
    return bool(far.all() and together and (moved < OF_USUAL * _size(scene, axes)).all())


def _size(scene: Scene, axes: list[int]) -> float:
    """Of gravity; infinite where there is none."""
    return gravity(scene, tuple(axes)) or np.inf


def _explained(scene: Scene, axes: tuple[int, ...]) -> tuple[float, Turn | None]:
    now, before = _heard(scene, axes)
    far = before.nearest(now)
    if far <= FITS or not np.isfinite(far):
        return far, None
    fits = {turn: before.turned(turn).nearest(now) for turn in TURNS[len(axes)]}
    best = min(fits, key=lambda turn: (fits[turn], len(turn.moved)))
    is_it = fits[best] < min(FITS, far / TIMES)
    return far, best if is_it else None


def _heard(scene: Scene, axes: tuple[int, ...]) -> tuple[_Heard, _Heard]:
    """The newest look, and all of the past."""
    look, past, columns = scene.look, scene.past, list(axes)
    unit = OF_GRAVITY * _size(scene, columns)
    now = _Heard(
        look.mean[None, columns] / unit, look.level[None, columns] / OF_LEVEL,
        _square(look.cross[None], scene, axes),
    )  # fmt: skip
    before = _Heard(
        past.of("mean")[:, columns] / unit, past.of("level")[:, columns] / OF_LEVEL,
        _square(past.cross, scene, axes),
    )  # fmt: skip
    return now, before


def _square(cross: np.ndarray, scene: Scene, axes: tuple[int, ...]) -> np.ndarray:
    """Pairs as a matrix of the axes, shape (looks, n, n)."""
    found = np.zeros((len(cross), len(axes), len(axes)), np.complex128)
    for number, (a, b) in enumerate(scene.channels.pairs):
        if a in axes:
            i, j = axes.index(a), axes.index(b)
            found[:, i, j] = cross[:, number] / TOGETHER
            found[:, j, i] = found[:, i, j].conj()
    return found


def _say(scene: Scene, column: int, _: float) -> str:
    axes = next(axes for axes in scene.channels.sensors if column in axes)
    _, turn = _explained(scene, axes)
    words = "exchanged or reversed" if turn is None else turn.words
    before, now = (one[list(axes)] for one in (scene.past.median("mean"), scene.look.mean))
    means = f"from {_listed(before)} to {_listed(now)}"
    return f"{words}: the means of its axes went {means}, the vibration with them"


def _listed(means: Array) -> str:
    return ", ".join(plain(mean) for mean in means.tolist())


RULE = Rule("axes", _turned, _say, default=FITS, least=FITS, looks=3)
