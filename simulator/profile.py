"""Speed over time: idle, start ramp, run, coast-down, and again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
State = Literal["idle", "start", "run", "coast"]
Range = tuple[float, float]

STOPPED = 0.01  # share of rated speed below which friction ends a coast-down


@dataclass(frozen=True)
class Durations:
    """How long each state lasts; each length is drawn evenly from its range, in seconds."""

    idle: Range = (5.0, 15.0)
    start: Range = (2.0, 6.0)
    run: Range = (90.0, 240.0)
    coast_tau: Range = (3.0, 10.0)


class SpeedProfile:
    """Endless speed curve as a share of rated speed, cut off in pieces of any length.

    All four states are normal. The first state is ``idle``, or ``run`` at full speed.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        rate_hz: float,
        durations: Durations | None = None,
        begin_running: bool = False,
    ) -> None:
        self._rng = rng
        self._rate_hz = rate_hz
        self._durations = durations or Durations()
        self._segments = self._cycle(begin_running=begin_running)
        self._state, self._rest = next(self._segments)

    @property
    def run_left_s(self) -> float:
        """Seconds until the next coast-down begins; 0 while the motor is not in run."""
        return len(self._rest) / self._rate_hz if self._state == "run" else 0.0

    def take(self, n: int) -> Array:
        """Return the next ``n`` samples of the curve, shape (n,), 0..1."""
        pieces = []
        while n > 0:
            if not len(self._rest):
                self._state, self._rest = next(self._segments)
            piece, self._rest = self._rest[:n], self._rest[n:]
            pieces.append(piece)
            n -= len(piece)
        return np.concatenate(pieces) if pieces else np.empty(0)

    def _cycle(self, *, begin_running: bool) -> Iterator[tuple[State, Array]]:
        if begin_running:
            yield "run", np.ones(self._draw(self._durations.run))
            yield "coast", self._coast()
        while True:
            yield "idle", np.zeros(self._draw(self._durations.idle))
            yield "start", self._ramp()
            yield "run", np.ones(self._draw(self._durations.run))
            yield "coast", self._coast()

    def _draw(self, seconds: Range) -> int:
        return max(1, round(self._rng.uniform(*seconds) * self._rate_hz))

    def _ramp(self) -> Array:
        n = self._draw(self._durations.start)
        return np.arange(1, n + 1) / n

    def _coast(self) -> Array:
        tau_s = self._rng.uniform(*self._durations.coast_tau)
        n = int(np.log(1.0 / STOPPED) * tau_s * self._rate_hz)
        return np.exp(-np.arange(n) / (tau_s * self._rate_hz))
