"""An accelerometer, from the housing's true acceleration to the samples it reports.

In this order: mounting gain and cross-axis, anti-alias low-pass, sampling with jitter, gravity,
bias and its drift with temperature, noise, clipping, quantisation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from simulator.errors import SimulatorError

Array = NDArray[np.float64]

GRAVITY_G = np.array([0.0, 1.0, 0.0])
FILTER_ORDER = 6
ZEROED_G = 1e-4  # what zeroing on site leaves of the bias
ZEROED_AT_C = 25.0
PRECISION = 7  # decimals of what an analogue sensor reports, g
TAPS = 4  # of the interpolation between internal samples


@dataclass(frozen=True)
class Sensor:
    """A type of accelerometer; noise and step as its maker states them.

    Attributes:
        noise_density: Per axis, g/√Hz.
        step: Smallest step, g; 0 for an analogue one.
        full_scale: Range, ± g.
        low_pass: Corner of its anti-alias filter, share of the output rate.
        bias_g: Largest zero-g offset.
        drift_mg_c: Smallest and largest drift of the offset, mg/°C.
        jitter: Standard deviation of the sampling instant, share of the period.
        mounting: Largest error of the gain where it is mounted.
        cross_axis: Smallest and largest share seen of another axis.
    """

    noise_density: tuple[float, float, float]
    step: float
    full_scale: float
    low_pass: float = 0.4
    bias_g: float = 0.05
    drift_mg_c: tuple[float, float] = (0.1, 0.5)
    jitter: float = 0.005
    mounting: float = 0.02
    cross_axis: tuple[float, float] = (0.01, 0.03)


# The drift of the ADXL355 and 356 is drawn around 0.02 mg/°C, which their maker gives as typical;
# the 0.15 mg/°C given as the limit would hide every small shift of level behind the temperature.
SENSORS: dict[str, Sensor] = {
    "adxl345": Sensor((290e-6, 290e-6, 430e-6), step=3.9e-3, full_scale=16.0, low_pass=0.5),
    "mpu6050": Sensor((400e-6, 400e-6, 400e-6), step=6.1e-5, full_scale=2.0, low_pass=0.42),
    "adxl355": Sensor(
        (22.5e-6, 22.5e-6, 22.5e-6), step=3.9e-6, full_scale=2.048, drift_mg_c=(0.01, 0.05)
    ),
    "adxl356": Sensor((75e-6, 75e-6, 75e-6), step=0.0, full_scale=10.0, drift_mg_c=(0.01, 0.05)),
    "ideal": Sensor(
        (0.0, 0.0, 0.0),
        step=0.0,
        full_scale=np.inf,
        bias_g=0.0,
        drift_mg_c=(0.0, 0.0),
        jitter=0.0,
        mounting=0.0,
        cross_axis=(0.0, 0.0),
    ),
}


@dataclass(frozen=True)
class Probe:
    """How a machine is looked at.

    Attributes:
        sensor: Type of sensor.
        rate_hz: Its output rate.
        filtered: Whether its anti-alias filter is on.
        zeroed: Whether its offset was taken off on site, as installers do.
    """

    sensor: Sensor = SENSORS["adxl355"]
    rate_hz: float = 100.0
    filtered: bool = True
    zeroed: bool = True

    @property
    def bandwidth_hz(self) -> float:
        """Where its response ends: the corner of the filter, or half the rate without."""
        return (self.sensor.low_pass if self.filtered else 0.5) * self.rate_hz

    @property
    def noise_g(self) -> Array:
        """Noise per axis, shape (3,), g rms."""
        density = np.asarray(self.sensor.noise_density)
        return np.asarray(np.sqrt(1.6 * self.bandwidth_hz) * density)


def sensor_named(name: str) -> Sensor:
    """Look a sensor up; ``MPU-6050`` and ``mpu6050`` are the same.

    Raises:
        SimulatorError: If there is none of that name.
    """
    found = SENSORS.get(name.lower().replace("-", ""))
    if found is None:
        raise SimulatorError(f"unknown sensor {name!r}; allowed: {', '.join(SENSORS)}")
    return found


def low_pass(corner_hz: float, rate_hz: float) -> Array:
    """The anti-alias filter as second-order sections: Butterworth of order ``FILTER_ORDER``.

    A corner at half of ``rate_hz``, which is where a sensor as fast as the synthesis may have it,
    is moved just below.
    """
    corner_hz = min(corner_hz, 0.49 * rate_hz)
    return np.asarray(signal.butter(FILTER_ORDER, corner_hz, fs=rate_hz, output="sos"))


class FrontEnd:
    """One mounted sensor: internal samples in, reported samples out, without end.

    Args:
        probe: How the machine is looked at.
        factor: Internal samples per reported one.
        unit: Decides mounting, bias and drift of this one.
        rng: Source of jitter and noise.
    """

    def __init__(
        self, probe: Probe, *, factor: int, unit: np.random.Generator, rng: np.random.Generator
    ) -> None:
        sensor = probe.sensor
        self._sensor, self._factor, self._rng = sensor, factor, rng
        self._noise_g = probe.noise_g
        self._mix = _mounting(sensor, unit)
        bias_g = min(sensor.bias_g, ZEROED_G) if probe.zeroed else sensor.bias_g
        self._bias_g = unit.uniform(-1, 1, 3) * bias_g
        drift = unit.uniform(*sensor.drift_mg_c, 3) * unit.choice([-1.0, 1.0], 3)
        self._drift_g_c = 1e-3 * drift
        corner_hz = sensor.low_pass * probe.rate_hz
        self._sos = low_pass(corner_hz, probe.rate_hz * factor) if probe.filtered else None
        self._state = None if self._sos is None else np.zeros((len(self._sos), 2, 3))
        self._tail = np.zeros((TAPS, 3))

    def report(self, true_g: Array, temp_c: Array) -> Array:
        """Return what is reported of the true acceleration.

        Args:
            true_g: Shape (n · factor, 3), without gravity.
            temp_c: Shape (n,), of the sensor.

        Returns:
            Shape (n, 3), g.
        """
        analogue = self._sampled(self._filtered(true_g @ self._mix))
        drift = (temp_c - ZEROED_AT_C)[:, None] * self._drift_g_c
        level = GRAVITY_G + self._bias_g + drift
        noise = self._noise_g * self._rng.standard_normal(analogue.shape)
        limit = self._sensor.full_scale
        clipped = np.clip(analogue + level + noise, -limit, limit)
        return _quantised(clipped, self._sensor.step)

    def _filtered(self, mounted: Array) -> Array:
        if self._sos is None:
            return mounted
        smooth, self._state = signal.sosfilt(self._sos, mounted, axis=0, zi=self._state)
        return np.asarray(smooth)

    def _sampled(self, analogue: Array) -> Array:
        """Take every ``factor``-th sample, a little early or late."""
        joined = np.concatenate([self._tail, analogue])
        self._tail = joined[-TAPS:]
        nominal = np.arange(self._factor, len(analogue) + 1, self._factor) + TAPS - 3
        if not self._sensor.jitter:
            return np.asarray(joined[nominal])
        late = self._sensor.jitter * self._factor * self._rng.standard_normal(len(nominal))
        return _interpolate(joined, np.asarray(nominal + late))


def _mounting(sensor: Sensor, unit: np.random.Generator) -> Array:
    """Gain on the diagonal, cross-axis beside it; shape (3, 3)."""
    mix: Array = unit.uniform(*sensor.cross_axis, (3, 3)) * unit.choice([-1.0, 1.0], (3, 3))
    np.fill_diagonal(mix, 1.0 + unit.uniform(-1, 1, 3) * sensor.mounting)
    return mix


def _interpolate(values: Array, position: Array) -> Array:
    """Cubic interpolation (Catmull-Rom) at fractional rows, shape (m, 3)."""
    last = len(values) - 3
    row = np.clip(np.floor(position).astype(np.int64), 1, last)
    t = np.clip(position - row, 0.0, 1.0)[:, None]
    before, start, end, after = (values[row + i] for i in (-1, 0, 1, 2))
    slope, bend = end - before, 2 * before - 5 * start + 4 * end - after
    twist = 3 * (start - end) + after - before
    return np.asarray(start + 0.5 * t * (slope + t * (bend + t * twist)))


def _quantised(values: Array, step: float) -> Array:
    step = step or 10.0**-PRECISION
    stepped: Array = np.asarray(np.round(values / step) * step)
    return np.asarray(np.round(stepped, PRECISION))
