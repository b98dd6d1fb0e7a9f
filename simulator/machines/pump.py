"""The slow channels of a pump: one sample a second of what its operating state does to them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.machines.designs import STANDARD_GRAVITY_MM_S2
from simulator.machines.motor import Samples

Array = NDArray[np.float64]

COLUMNS = (
    "vibration_mm_s",
    "pressure_bar",
    "flow_l_min",
    "current_a",
    "temperature_c",
)
RATED_PRESSURE_BAR = 2.0
RATED_FLOW_L_MIN = 120.0
RATED_CURRENT_A = 4.0
IDLE_CURRENT_A = 0.05
LOAD_CURRENT = 2.0  # current gained per load: a step of 0.15 costs 30 %
CAVITATION_LOSS = 0.15  # of pressure and flow at full severity
NOISE = np.array([0.0, 0.01, 0.6, 0.03, 0.05])  # sd of the transmitters, in their units
STEP = np.array([0.001, 0.001, 0.1, 0.01, 0.1])
LAG_S = 2.0  # of pressure and flow behind the speed


@dataclass(frozen=True)
class SlowSamples:
    """One row a second: ``ts`` and ``rpm`` of shape (n,), ``values`` (n, 5) as in ``COLUMNS``."""

    ts: Array
    values: Array
    rpm: Array


def slow_channels(
    samples: Samples, *, rated_rpm: float, rate_hz: float, cavitation: Array, seed: int
) -> SlowSamples:
    """Make the slow channels of a pump from its fast samples.

    Pressure follows the square of speed, flow and (nearly) current its first and third power, as
    the affinity laws of centrifugal pumps have it; more load opens the valve.

    Args:
        samples: Whole seconds of it; a remainder is left out.
        rated_rpm: Rated speed.
        rate_hz: Of the samples.
        cavitation: Severity of cavitation at each sample, shape (n,), 0..1.
        seed: Decides the noise.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(9,)))
    per_second = round(rate_hz)
    rows = len(samples.ts) // per_second
    speed, load, supply, temp_c, starved = (
        column[: rows * per_second].reshape(rows, per_second).mean(axis=1)
        for column in (
            samples.rpm / rated_rpm,
            samples.load,
            samples.supply,
            samples.temp_c,
            cavitation,
        )
    )
    hydraulic = _lagged(speed)
    loss = 1.0 - CAVITATION_LOSS * starved * (1.0 + 0.5 * rng.standard_normal(rows))
    power = hydraulic**3 * (1.0 + LOAD_CURRENT * load) / np.maximum(supply, 0.5)
    columns = (
        _velocity_mm_s(samples, rows, per_second, rate_hz),
        RATED_PRESSURE_BAR * hydraulic**2 * (1.0 - 0.5 * load) * loss,
        RATED_FLOW_L_MIN * hydraulic * (1.0 + load) * loss,
        IDLE_CURRENT_A + RATED_CURRENT_A * power,
        temp_c,
    )
    values = np.column_stack(columns) + NOISE * rng.standard_normal((rows, len(COLUMNS)))
    stamps = samples.ts[: rows * per_second : per_second]
    stepped = np.maximum(np.round(values / STEP), 0.0) * STEP
    return SlowSamples(stamps, stepped, (speed * rated_rpm).round(1))


def _lagged(speed: Array) -> Array:
    keep = np.exp(-1.0 / LAG_S)
    lagged = np.empty_like(speed)
    level = speed[0] if len(speed) else 0.0
    for i, value in enumerate(speed.tolist()):
        level = keep * level + (1.0 - keep) * value
        lagged[i] = level
    return lagged


def _velocity_mm_s(samples: Samples, rows: int, per_second: int, rate_hz: float) -> Array:
    """Horizontal velocity above 2 Hz in each second, mm/s rms, shape (rows,)."""
    acc = samples.acc[: rows * per_second, 0].reshape(rows, per_second) * STANDARD_GRAVITY_MM_S2
    frequency = np.fft.rfftfreq(per_second, 1.0 / rate_hz)
    window = np.hanning(per_second)
    spectrum = np.fft.rfft((acc - acc.mean(axis=1, keepdims=True)) * window, axis=1)
    band = frequency > 2.0
    velocity = np.abs(spectrum[:, band]) / (2 * np.pi * frequency[band])
    return np.asarray(np.sqrt(2 * (velocity**2).sum(axis=1) / (per_second * (window**2).sum())))
