"""A healthy motor and the accelerometer on it, sample by sample without end.

Every vibration component is a function of the shaft angle, so a ramp smears it as a real one would.
Anti-aliasing: only components below the Nyquist frequency are synthesised (an ideal filter whose
response falls from 1 at 0.45 to 0 at 0.5 of the sampling rate), so nothing folds back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.profile import Durations, SpeedProfile

Array = NDArray[np.float64]

FEATURES = ("acc_x", "acc_y", "acc_z")  # horizontal, vertical (carries gravity), axial; unit g
RATE_HZ = 100.0
STANDARD_GRAVITY_MM_S2 = 9806.65
CHUNK = 100  # samples drawn at once; fixed, so the caller's block size cannot change the numbers
PASSBAND = 0.45  # of the sampling rate


@dataclass(frozen=True)
class Sensor:
    """An accelerometer: noise density per axis in g/√Hz, smallest step in g, range in ± g."""

    noise_density: tuple[float, float, float]
    step: float
    full_scale: float


SENSORS: dict[str, Sensor] = {
    "adxl355": Sensor((22.5e-6, 22.5e-6, 22.5e-6), step=3.9e-6, full_scale=2.048),
    "adxl345": Sensor((290e-6, 290e-6, 430e-6), step=3.9e-3, full_scale=16.0),
}


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
        floor: Broadband acceleration as a share of the 1x acceleration (rms).
    """

    rpm: float
    velocity_mm_s: float = 0.4
    harmonics: tuple[float, ...] = (1.0, 0.25, 0.12)
    phases: tuple[float, ...] = (0.0, 0.6, 1.3)
    gains: tuple[float, float, float] = (1.0, 0.6, 0.15)
    leads: tuple[float, float, float] = (0.0, np.pi / 2, 0.5)
    floor: float = 0.3


MOTORS: dict[str, MotorDesign] = {
    "motor-600": MotorDesign(rpm=600.0),
    "motor-1200": MotorDesign(rpm=1200.0),
}


@dataclass(frozen=True)
class Unit:
    """How one motor of a type differs from the next.

    Kept small, so that one model fits all units: amplitude ±5 %, harmonic phase ±0.1 rad, and the
    ±0.1 mg of offset left after zeroing on site (a raw sensor has ±25 mg and would need a model
    of its own).
    """

    amplitude: float
    phases: Array
    offset_g: Array

    @classmethod
    def draw(cls, rng: np.random.Generator, orders: int) -> "Unit":
        """Draw a unit with ``orders`` harmonics."""
        return cls(
            amplitude=rng.uniform(0.95, 1.05),
            phases=rng.uniform(-0.1, 0.1, orders),
            offset_g=rng.uniform(-1e-4, 1e-4, len(FEATURES)),
        )


@dataclass(frozen=True)
class Samples:
    """Consecutive samples.

    Attributes:
        ts: Shape (n,), seconds since the motor's first sample.
        acc: Shape (n, 3), ``FEATURES`` in g.
        rpm: Shape (n,), tachometer, 1/min.
    """

    ts: Array
    acc: Array
    rpm: Array


class Motor:
    """Endless samples of one healthy motor; memory does not grow.

    The same seed gives the same samples whatever the block sizes. ``seed`` names the unit,
    ``session`` one of its runs.

    Raises:
        SimulatorError: If 1x does not lie below the Nyquist frequency.
    """

    def __init__(
        self,
        design: MotorDesign,
        *,
        seed: int,
        session: int = 0,
        rate_hz: float = RATE_HZ,
        sensor: Sensor = SENSORS["adxl355"],
        durations: Durations | None = None,
        begin_running: bool = False,
    ) -> None:
        check_speed(design.rpm, rate_hz)
        self.design = design
        self.rate_hz = rate_hz
        self._sensor = sensor
        self._unit = Unit.draw(_rng(seed, 0), len(design.harmonics))
        self._rng = _rng(seed, 1, session)
        self._profile = SpeedProfile(
            _rng(seed, 2, session),
            rate_hz=rate_hz,
            durations=durations,
            begin_running=begin_running,
        )
        self._wander = float(self._rng.standard_normal())
        self._angle = (
            0.0  # never wrapped: non-integer orders stay continuous, 1e-7 rad after a month
        )
        self._sent = 0
        self._ready = np.empty((0, len(FEATURES) + 1))

    @property
    def run_left_s(self) -> float:
        """Seconds for which the motor certainly stays in run; 0 when it is in another state."""
        return self._profile.run_left_s

    def block(self, n: int) -> Samples:
        """Return the next ``n`` samples."""
        chunks = [self._ready]
        chunks += [self._chunk() for _ in range(-(-(n - len(self._ready)) // CHUNK))]
        rows = np.concatenate(chunks)
        self._ready = rows[n:]
        ts = (self._sent + np.arange(n)) / self.rate_hz
        self._sent += n
        return Samples(ts=ts, acc=rows[:n, :3], rpm=rows[:n, 3])

    def _chunk(self) -> Array:
        """Draw the next CHUNK samples, shape (CHUNK, 4): x, y, z, rpm."""
        share = self._profile.take(CHUNK)
        speed_hz = self.design.rpm / 60.0 * share * (1.0 + 0.002 * self._take_wander())
        angle = self._angle + 2 * np.pi * np.cumsum(speed_hz) / self.rate_hz
        self._angle = float(angle[-1])
        vibration = self._orders(angle, speed_hz) + self._floor()
        acceleration = self._unit.amplitude * share[:, None] ** 2 * vibration
        return np.column_stack([self._measure(acceleration), self._tachometer(speed_hz)])

    def _take_wander(self) -> Array:
        """Unit Ornstein-Uhlenbeck noise with a time constant of 2 s, shape (CHUNK,)."""
        keep = np.exp(-1.0 / (2.0 * self.rate_hz))
        fade = keep ** np.arange(1, CHUNK + 1)
        kicks = np.sqrt(1 - keep**2) * self._rng.standard_normal(CHUNK)
        wander: Array = fade * (self._wander + np.cumsum(kicks / fade))
        self._wander = float(wander[-1])
        return wander

    def _orders(self, angle: Array, speed_hz: Array) -> Array:
        """Harmonics of the shaft at rated amplitude, shape (CHUNK, 3), g."""
        total = np.zeros((len(angle), len(FEATURES)))
        shares = zip(self.design.harmonics, self.design.phases, self._unit.phases, strict=True)
        for order, (share, phase, shift) in enumerate(shares, start=1):
            peak = share * order * np.sqrt(2) * self._rated_rms() * self._filter(order * speed_hz)
            turn = order * angle + phase + shift
            total += peak[:, None] * np.cos(turn[:, None] + np.asarray(self.design.leads))
        return np.asarray(total * np.asarray(self.design.gains))

    def _floor(self) -> Array:
        """Broadband vibration at rated amplitude, shape (CHUNK, 3), g."""
        noise = self._rng.standard_normal((CHUNK, len(FEATURES)))
        level = self.design.floor * self._rated_rms() * np.asarray(self.design.gains)
        return np.asarray(level * noise)

    def _rated_rms(self) -> float:
        """Horizontal 1x acceleration at rated speed, g rms."""
        omega = 2 * np.pi * self.design.rpm / 60.0
        return float(omega * self.design.velocity_mm_s / STANDARD_GRAVITY_MM_S2)

    def _filter(self, frequency_hz: Array) -> Array:
        relative = frequency_hz / self.rate_hz
        return np.asarray(np.clip((0.5 - relative) / (0.5 - PASSBAND), 0.0, 1.0))

    def _measure(self, acceleration: Array) -> Array:
        """What the sensor reports for a true acceleration, both shape (CHUNK, 3), g."""
        bandwidth_hz = 1.6 * PASSBAND * self.rate_hz
        noise = np.sqrt(bandwidth_hz) * np.asarray(self._sensor.noise_density)
        analogue = acceleration + np.array([0.0, 1.0, 0.0]) + self._unit.offset_g
        analogue = analogue + noise * self._rng.standard_normal(acceleration.shape)
        clipped = np.clip(analogue, -self._sensor.full_scale, self._sensor.full_scale)
        steps = np.round(clipped / self._sensor.step)
        return np.asarray((steps * self._sensor.step).round(7))

    def _tachometer(self, speed_hz: Array) -> Array:
        noise = 0.3 * self._rng.standard_normal(CHUNK)
        turning = speed_hz > 0
        return np.where(turning, np.maximum(60.0 * speed_hz + noise, 0.0), 0.0).round(1)


def check_speed(rpm: float, rate_hz: float = RATE_HZ) -> None:
    """Refuse a speed whose 1x the sampling rate cannot show.

    Raises:
        SimulatorError: If ``rpm`` is not between 0 and 30 * ``rate_hz``.
    """
    if not 0 < rpm < 30.0 * rate_hz:
        raise SimulatorError(
            f"rpm {rpm:g}: 1x is {rpm / 60:g} Hz; allowed: above 0 and below the Nyquist frequency "
            f"{rate_hz / 2:g} Hz ({30 * rate_hz:g} rpm) of {rate_hz:g} Hz samples"
        )


def design_for(rpm: float) -> MotorDesign:
    """Return the preset for ``rpm``, or the same motor built for another speed."""
    presets = {design.rpm: design for design in MOTORS.values()}
    return presets.get(rpm, MotorDesign(rpm=rpm))


def _rng(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
