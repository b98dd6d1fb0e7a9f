"""Machines of three kinds as their controllers publish them, healthy or faulty, no two alike.

None has a model. A motor tells levels of vibration ten times a second, a pump its hydraulics five
times, a compressor its air once. Slow channels (temperatures, counters) wander for hours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.records import Samples

Array = npt.NDArray[np.float64]
Channels = dict[str, Array]
HOUR_S = 3600.0


@dataclass(frozen=True)
class Kind:
    """One kind of machine.

    Attributes:
        rate_hz: Samples a second.
        channels: Of a machine's times, shape (n,), s since its first sample.
        fault: Turns the channels of a healthy machine into those of a faulty one.
    """

    rate_hz: float
    channels: Callable[[np.random.Generator, Array], Channels]
    fault: Callable[[Channels], Channels]


def _wander(rng: np.random.Generator, t: Array, size: float) -> Array:
    """Goes up and down over hours."""
    wave: Array = size * np.sin(2 * np.pi * (t / rng.uniform(1.5, 4) / HOUR_S + rng.uniform()))
    return wave


def _correlated(rng: np.random.Generator, n: int, memory: float) -> Array:
    """Noise of deviation 1 that forgets in about ``memory`` samples."""
    from scipy.signal import lfilter  # noqa: PLC0415 -- half a second, for two of the kinds

    keep = np.exp(-1 / memory)
    noise = rng.normal(0, np.sqrt(1 - keep**2), n + round(10 * memory))
    smoothed: Array = lfilter([1.0], [1.0, -keep], noise)[-n:]
    return smoothed


def _motor(rng: np.random.Generator, t: Array) -> Channels:
    level = np.exp(rng.normal(0, 0.35, 2))
    return {
        "vib_x_mm_s": level[0] * np.exp(rng.normal(0, 0.08, len(t))),
        "vib_y_mm_s": level[1] * np.exp(rng.normal(0, 0.08, len(t))),
        "current_a": rng.uniform(8, 14) + 0.15 * _correlated(rng, len(t), 20),
        "rpm": rng.uniform(1430, 1490) + rng.normal(0, 0.6, len(t)),
        "temp_c": np.round(rng.uniform(40, 60) + _wander(rng, t, 3.0), 1),
    }


def _pump(rng: np.random.Generator, t: Array) -> Channels:
    control = np.sin(2 * np.pi * t / rng.uniform(8, 14))
    flow = rng.uniform(20, 40)
    return {
        "pressure_bar": rng.uniform(4, 6) + 0.05 * control + rng.normal(0, 0.02, len(t)),
        "flow_l_min": flow * (1 + 0.01 * control) + rng.normal(0, 0.1, len(t)),
        "power_kw": flow / 9 + 0.03 * control + rng.normal(0, 0.02, len(t)),
        "tank_l": 400 + _wander(rng, t, 120.0) + rng.normal(0, 0.2, len(t)),
        "running": np.ones(len(t)),
    }


def _compressor(rng: np.random.Generator, t: Array) -> Channels:
    base, hours = rng.uniform(6.5, 7.5), rng.uniform(100, 9000)
    return {
        "air_bar": base + 0.08 * _correlated(rng, len(t), 6),
        "oil_bar": rng.uniform(2.5, 3.5) + rng.normal(0, 0.03, len(t)),
        "motor_a": rng.uniform(30, 60) * (1 + 0.01 * _correlated(rng, len(t), 4)),
        "oil_c": np.round(rng.uniform(70, 85) + _wander(rng, t, 4.0), 1),
        "hours": np.floor((hours + t / HOUR_S) * 10) / 10,
    }


def _louder(channels: Channels) -> Channels:
    return {**channels, "vib_x_mm_s": 1.8 * channels["vib_x_mm_s"]}


def _throttled(channels: Channels) -> Channels:
    return {**channels, "flow_l_min": 0.93 * channels["flow_l_min"]}


def _leaking(channels: Channels) -> Channels:
    return {**channels, "oil_bar": channels["oil_bar"] - 0.35}


KINDS = {
    "motor": Kind(10.0, _motor, _louder),
    "pump": Kind(5.0, _pump, _throttled),
    "compressor": Kind(1.0, _compressor, _leaking),
}


def machine(
    name: str, seed: int, seconds: float, start: float = 0.0, fault_at: float = np.inf
) -> Samples:
    """What one machine sends.

    Args:
        name: Of its kind.
        seed: Same seed and length, same machine.
        seconds: How long.
        start: Time of its first sample.
        fault_at: Seconds after it since when it is faulty.
    """
    kind = KINDS[name]
    t = np.arange(round(seconds * kind.rate_hz)) / kind.rate_hz
    healthy = kind.channels(np.random.default_rng(seed), t)
    faulty = kind.fault(healthy)
    chosen = [np.where(t >= fault_at, faulty[c], healthy[c]) for c in healthy]
    return Samples(tuple(healthy), start + t, np.column_stack(chosen).astype(np.float32))
