"""The temperature of the housing, which sensors drift with."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from simulator.machines.profile import Habits

Array = NDArray[np.float64]

AMBIENT_C = 20.0
LOAD_HEAT = 0.5  # share of the temperature rise that a load of 1 would add


class Thermometer:
    """First-order warming and cooling of one machine.

    Args:
        habits: How far and how fast it warms up.
        rng: Draws the time constant, and how warm the machine is at first.
        warm: Whether it has run before.
    """

    def __init__(self, habits: Habits, rng: np.random.Generator, *, warm: bool) -> None:
        self._heat_c = habits.heat_c
        self._tau_s = 60.0 * rng.uniform(*habits.warm_up_min)
        self._rise_c = habits.heat_c * (rng.uniform(0.0, 1.0) if warm else rng.uniform(0.0, 0.5))

    def take(self, speed: Array, load: Array, period_s: float) -> Array:
        """Return the temperature, shape (n,), °C, for speed and load of the same shape."""
        keep = np.exp(-period_s / self._tau_s)
        target = self._heat_c * speed**2 * (1.0 + LOAD_HEAT * load)
        rise, _ = signal.lfilter(
            [1.0 - keep], [1.0, -keep], target, zi=np.array([keep * self._rise_c])
        )
        self._rise_c = float(rise[-1])
        return np.asarray(AMBIENT_C + rise)
