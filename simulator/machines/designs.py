"""Types of machine: what one does when healthy, and how one unit differs from the next."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.machines.geometry import BEARINGS, Bearing

Array = NDArray[np.float64]

FEATURES = ("acc_x", "acc_y", "acc_z")  # horizontal, vertical (carries gravity), axial; unit g
STANDARD_GRAVITY_MM_S2 = 9806.65


@dataclass(frozen=True)
class MotorDesign:
    """What one type of motor does when healthy, at rated speed.

    Attributes:
        rpm: Rated speed, 1/min.
        velocity_mm_s: Horizontal 1x vibration, mm/s rms.
        harmonics: Velocity of 1x, 2x, ... as shares of 1x.
        phases: Angle of 1x, 2x, ... in rad.
        gains: Share of the horizontal vibration seen on x, y, z.
        leads: Angle by which x, y, z lead the horizontal, rad.
        floor_mg: Broadband acceleration on x, y, z from 50 Hz to about 2 kHz, mg rms.
        vanes: Blades of a pump or fan wheel; they modulate cavitation.
        vane_mm_s: Vibration at vane pass, mm/s rms; 0 for a bare motor.
        line_mm_s: Vibration at twice the 50 Hz line frequency, mm/s rms.
        support_hz: Resonance of the support that a start passes through.
        bearing: Geometry of the bearing that may fail.
        teeth: Of the pinion on the shaft, for the gear fault.
        resonance_hz: Structural mode that impacts ring.
        damping: Of that mode, share of critical.
        bearing_g: Amplitude of the ringing of a bearing's impacts at full severity.
        low_mode_hz: Second, lower mode, rung at a quarter of the amplitude.
    """

    rpm: float
    velocity_mm_s: float = 0.35
    harmonics: tuple[float, ...] = (1.0, 0.25, 0.12)
    phases: tuple[float, ...] = (0.0, 0.6, 1.3)
    gains: tuple[float, float, float] = (1.0, 0.6, 0.15)
    leads: tuple[float, float, float] = (0.0, np.pi / 2, 0.5)
    floor_mg: tuple[float, float, float] = (1.75, 1.1, 0.55)
    vanes: int = 6
    vane_mm_s: float = 0.0
    line_mm_s: float = 0.0
    support_hz: float = 7.5
    bearing: Bearing = field(default_factory=lambda: BEARINGS["6204"])
    teeth: int = 23
    resonance_hz: float = 2600.0
    damping: float = 0.042
    bearing_g: float = 0.2
    low_mode_hz: float = 450.0

    @property
    def rated_hz(self) -> float:
        """Rated speed, 1/s."""
        return self.rpm / 60.0

    def peak_g(self, velocity_mm_s: float, order: float = 1.0) -> float:
        """Peak acceleration in g of a tone of so many mm/s rms at an order of rated speed."""
        return tone_peak_g(velocity_mm_s, order * self.rated_hz)


MOTORS: dict[str, MotorDesign] = {
    "motor-600": MotorDesign(rpm=600.0),
    "motor-1200": MotorDesign(rpm=1200.0, floor_mg=(2.2, 1.4, 0.7)),
    "pump-1200": MotorDesign(rpm=1200.0, floor_mg=(2.2, 1.4, 0.7), vane_mm_s=0.1, line_mm_s=0.05),
}


def tone_peak_g(velocity_mm_s: float, frequency_hz: float) -> float:
    """Peak acceleration in g of a tone of so many mm/s rms."""
    omega = 2 * np.pi * frequency_hz
    return float(omega * velocity_mm_s * np.sqrt(2) / STANDARD_GRAVITY_MM_S2)


def design_for(rpm: float) -> MotorDesign:
    """Return the motor preset for ``rpm``, or the same motor built for another speed."""
    presets = {d.rpm: d for name, d in MOTORS.items() if name.startswith("motor")}
    support_hz = min(MotorDesign.support_hz, 0.75 * rpm / 60.0)
    return presets.get(rpm, MotorDesign(rpm=rpm, support_hz=support_hz))


@dataclass(frozen=True)
class Unit:
    """How one motor of a type differs from the next: amplitude ±5 %, harmonic phase ±0.1 rad.

    Kept small, so that one model fits all units.
    """

    amplitude: float
    phases: Array

    @classmethod
    def draw(cls, rng: np.random.Generator, orders: int) -> "Unit":
        """Draw a unit with ``orders`` harmonics."""
        return cls(amplitude=rng.uniform(0.95, 1.05), phases=rng.uniform(-0.1, 0.1, orders))
