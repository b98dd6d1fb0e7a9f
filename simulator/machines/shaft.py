"""The turning shaft: from the operating state to the angle at the internal rate."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.machines.profile import CONTROL_HZ, OperatingProfile, Operation

Array = NDArray[np.float64]

WANDER_TAU_S = 2.0  # of the speed's Ornstein-Uhlenbeck noise


@dataclass(frozen=True)
class Turn:
    """A stretch of turning, n samples at the internal rate.

    Attributes:
        rate_hz: Internal rate, 1/s.
        angle: Shape (n,), rad, never wrapped, so that sub-harmonics stay continuous.
        speed: Shape (n,), share of rated speed.
        load: Shape (n,), 0 at rated load.
    """

    rate_hz: float
    angle: Array
    speed: Array
    load: Array

    def __len__(self) -> int:
        return len(self.angle)

    @cached_property
    def force(self) -> Array:
        """Shape (n,), what grows with the square of speed, 1 at rated speed."""
        return self.speed**2

    @cached_property
    def carriers(self) -> tuple[Array, Array]:
        """Cosine and sine of the angle."""
        return np.cos(self.angle), np.sin(self.angle)

    def tone(self, order: float, phase: float = 0.0) -> Array:
        """Shape (n,), the cosine of a multiple of the angle."""
        return np.cos(order * self.angle + phase)


class Shaft:
    """Endless turning of one shaft.

    Args:
        profile: Operating state.
        rated_hz: Rated speed, 1/s.
        rate_hz: Internal rate.
        wander: Standard deviation of the speed, share of rated speed.
        rng: Source of the wander.
    """

    def __init__(
        self,
        profile: OperatingProfile,
        *,
        rated_hz: float,
        rate_hz: float,
        wander: float,
        rng: np.random.Generator,
    ) -> None:
        self._profile, self._rated_hz, self._rate_hz = profile, rated_hz, rate_hz
        self._wander, self._rng = wander, rng
        self._kicked = float(rng.standard_normal())
        self._known = profile.take(1)
        self._wandered = np.array([self._kicked])
        self._done = 0  # internal samples so far
        self._first = 0  # control sample that ``_known`` begins with
        self._angle = 0.0

    def take(self, n: int) -> tuple[Turn, Operation]:
        """Return the next ``n`` internal samples, and the operating state they lie in."""
        position = (self._done + np.arange(1, n + 1)) * (CONTROL_HZ / self._rate_hz)
        self._reach(int(position[-1]) + 2)
        at = position - self._first
        grid = np.arange(len(self._known))
        share = np.interp(at, grid, self._known.speed)
        speed = share * (1.0 + self._wander * np.interp(at, grid, self._wandered))
        angle = self._angle + np.cumsum(speed) * (2 * np.pi * self._rated_hz / self._rate_hz)
        turn = Turn(self._rate_hz, angle, speed, np.interp(at, grid, self._known.load))
        seen = self._known
        self._angle, self._done = float(angle[-1]), self._done + n
        self._forget(int(position[-1]) - self._first)
        return turn, seen

    def _reach(self, end: int) -> None:
        more = end - self._first - len(self._known)
        if more > 0:
            self._known = self._known.then(self._profile.take(more))
            self._wandered = np.concatenate([self._wandered, self._take_wander(more)])

    def _forget(self, count: int) -> None:
        self._first += count
        self._known, self._wandered = self._known.part(count), self._wandered[count:]

    def _take_wander(self, n: int) -> Array:
        """Unit Ornstein-Uhlenbeck noise, shape (n,)."""
        keep = np.exp(-1.0 / (WANDER_TAU_S * CONTROL_HZ))
        kicks = np.sqrt(1 - keep**2) * self._rng.standard_normal(n)
        wandered = np.empty(n)
        for i, kick in enumerate(kicks.tolist()):
            self._kicked = keep * self._kicked + kick
            wandered[i] = self._kicked
        return wandered
