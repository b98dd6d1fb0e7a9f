"""Bearing damage: impacts that ring the structure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from simulator.machines.designs import MotorDesign
from simulator.machines.shaft import Turn

Array = NDArray[np.float64]

JITTER = 0.015  # of the time between two impacts; rolling elements slip
STRENGTH_SPREAD = 0.1  # of an impact
LOW_MODE_SHARE = 0.25
LOW_MODE_DAMPING = 0.07
DIRECTIONS = np.array([1.0, 0.7, 0.4])  # of the ringing, on x, y, z
REACTION_HZ = 200.0  # below it the housing does not follow: what rings in place has no net velocity
AHEAD = 0.1  # impacts drawn before they are due, in impacts; more than any jitter


class Resonator:
    """Rings A·exp(-2πζf t)·sin(2πf t) after an impact of A.

    Args:
        frequency_hz: Of the mode.
        damping: Share of critical.
        rate_hz: Internal rate.
    """

    def __init__(self, frequency_hz: float, damping: float, rate_hz: float) -> None:
        omega = 2 * np.pi * frequency_hz / rate_hz
        radius = np.exp(-damping * omega)
        self._numerator = [0.0, radius * np.sin(omega)]
        self._denominator = [1.0, -2 * radius * np.cos(omega), radius**2]
        self._state = np.zeros(2)

    def ring(self, impacts: Array) -> Array:
        """Return the ringing after impacts, both shape (n,)."""
        ringing, self._state = signal.lfilter(
            self._numerator, self._denominator, impacts, zi=self._state
        )
        return np.asarray(ringing)


@dataclass(frozen=True)
class Damage:
    """Where a bearing is damaged.

    Attributes:
        order: Impacts per turn of the shaft.
        swing: Order at which the damage moves in and out of the load zone; 0 if it does not.
    """

    order: float
    swing: float = 0.0


def damages(design: MotorDesign) -> dict[str, Damage]:
    """The four places, by the name of their fault."""
    bearing = design.bearing
    return {
        "bearing_outer": Damage(bearing.outer),
        "bearing_inner": Damage(bearing.inner, swing=1.0),
        "bearing_ball": Damage(bearing.ball, swing=bearing.cage),
        "bearing_cage": Damage(bearing.cage),
    }


class Impacts:
    """A damaged bearing.

    Args:
        design: Its machine.
        damage: Where it is damaged.
        peak_g: Amplitude of the ringing at full severity and rated speed.
        rate_hz: Internal rate.
        rng: Source of all chance.
    """

    def __init__(
        self,
        design: MotorDesign,
        damage: Damage,
        *,
        peak_g: float,
        rate_hz: float,
        rng: np.random.Generator,
    ) -> None:
        self._damage, self._peak_g, self._rng = damage, peak_g, rng
        self._modes = (
            Resonator(design.resonance_hz, design.damping, rate_hz),
            Resonator(design.low_mode_hz, LOW_MODE_DAMPING, rate_hz),
        )
        self._reaction = signal.butter(2, REACTION_HZ, "highpass", fs=rate_hz, output="sos")
        self._state = np.zeros((len(self._reaction), 2))
        self._due: Array | None = None  # orders at which the next impacts come
        self._next = 0.0  # the first that is not drawn yet

    def shake(self, turn: Turn, severity: Array) -> Array:
        """Return the acceleration, shape (n, 3), g; ``severity`` has shape (n,)."""
        impacts = np.zeros(len(turn))
        rows = self._rows(turn)
        strength = 1.0 + STRENGTH_SPREAD * self._rng.standard_normal(len(rows))
        hit = strength * severity[rows] * turn.speed[rows] * self._loaded(turn.angle[rows])
        np.add.at(impacts, rows, self._peak_g * hit)
        high, low = (mode.ring(impacts) for mode in self._modes)
        ringing = high + LOW_MODE_SHARE * low
        ringing, self._state = signal.sosfilt(self._reaction, ringing, zi=self._state)
        return np.outer(ringing, DIRECTIONS)

    def _rows(self, turn: Turn) -> NDArray[np.int64]:
        """Samples at which an impact comes."""
        passed = turn.angle * (self._damage.order / (2 * np.pi))
        if self._due is None:
            self._due, self._next = np.empty(0), float(np.ceil(passed[0]))
        fresh = np.arange(self._next, passed[-1] + AHEAD)
        self._next += len(fresh)
        shifts = JITTER * self._rng.standard_normal(len(fresh)).clip(-3.0, 3.0)
        due = np.concatenate([self._due, fresh + shifts])
        now = due < passed[-1]
        self._due = due[~now]
        return np.asarray(np.searchsorted(passed, due[now]))

    def _loaded(self, angle: Array) -> Array | float:
        """How much of the load an impact carries at the shaft's angle."""
        if not self._damage.swing:
            return 1.0
        return np.asarray((1.0 + np.cos(self._damage.swing * angle)) / 2.0)
