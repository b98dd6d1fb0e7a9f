"""Recordings made of arrays, sound unless something is done to them."""

from __future__ import annotations

import numpy as np

from detector.records import Samples
from detector.sessions.files import Findings, Recording

START = 1_700_000_000.0
RATE_HZ = 100.0
SHAFT_HZ = 9.97


def random(seed=0):
    """A source of chance of its own."""
    return np.random.default_rng(seed)


def noise(n=6000, seed=0):
    """White, of deviation 1."""
    return random(seed).standard_normal(n)


def vibration(n=6000, rate_hz=RATE_HZ, seed=0):
    """A shaft with harmonics, and noise that rolls off before the Nyquist frequency."""
    angle = 2 * np.pi * SHAFT_HZ * np.arange(n) / rate_hz
    smooth = np.convolve(noise(n + 4, seed), [0.1, 0.25, 0.3, 0.25, 0.1], "valid")
    return np.sin(angle) + 0.2 * np.sin(2 * angle + seed) + 0.3 * smooth


def times(n=6000, rate_hz=RATE_HZ):
    """Even steps from a date on."""
    return START + np.arange(n) / rate_hz


def recording(features, ts=None, label=None, name="run.csv", **found):
    """A recording of columns by name."""
    values = np.column_stack(list(features.values())).astype(np.float32)
    ts = times(len(values)) if ts is None else ts
    samples = Samples(tuple(features), np.asarray(ts, np.float64), values)
    return Recording(name, samples, label, Findings(file=name, format="CSV", **found))


def start_and_run(n=30_000, rpm=60 * SHAFT_HZ):
    """Speed of a machine that stands for a fifth, starts, and runs."""
    speed = np.full(n, rpm)
    speed[: n // 5] = 0
    speed[n // 5 : n // 5 + 200] = np.linspace(0, rpm, 200)
    return speed
