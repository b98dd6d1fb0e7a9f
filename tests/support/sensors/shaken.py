"""A sensor of three axes on a machine, made by hand: gravity on y, a shaft that turns, noise."""

from __future__ import annotations

import numpy as np

from detector.records import Samples
from detector.sensors.devices import Sensors
from detector.sensors.watch import SensorWatch

AXES = ("acc_x", "acc_y", "acc_z")
RATE_HZ = 100.0
START = 1_700_000_000.0
SECONDS = 60
QUIET_S = 30  # before anything happens
TURNS_HZ = 10.0
SIZES = np.array([0.010, 0.006, 0.003])  # g
PHASES = np.array([0.0, np.pi / 2, 0.7])
NOISE_G = 2e-4


def shaken(seconds: float = SECONDS, seed: int = 7, *, size: float = 1.0) -> np.ndarray:
    """Samples in g, shape (n, 3); ``size`` 0: the machine stands still."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE_HZ))[:, None] / RATE_HZ
    turning = size * SIZES * np.sin(2 * np.pi * TURNS_HZ * t + PHASES)
    return turning + [0.0, 1.0, 0.0] + NOISE_G * rng.standard_normal(turning.shape)


def times(n: int, rate_hz: float = RATE_HZ) -> np.ndarray:
    """Of n samples."""
    return START + np.arange(n) / rate_hz


def samples(values: np.ndarray, features=AXES) -> Samples:
    """As a device sends them."""
    return Samples(features, times(len(values)), values.astype(np.float32))


def late(values: np.ndarray) -> np.ndarray:
    """The samples after the quiet time, to be changed in place."""
    return values[round(QUIET_S * RATE_HZ) :]


def troubles(values: np.ndarray, features=AXES, normal=None, step: int = 1000) -> list:
    """What a watch says of samples that come in pieces: each trouble once, in order."""
    watch, found = SensorWatch(features, normal), []
    whole = samples(values, features)
    for start in range(0, len(whole), step):
        rows = slice(start, start + step)
        part = Samples(features, whole.ts[rows], whole.values[rows])
        found += [one for one in watch.push(part) if one is not None]
    return found


def rules_of(found) -> set:
    """Which rules held, and for which features."""
    return {(one.rule, one.features) for one in found}


def nobody(*_: object):
    """A device of which nothing was learnt."""


def no_past(*_: object):
    """A store that holds nothing."""
    return [], []


def sensors() -> Sensors:
    """Of devices that nobody knows."""
    return Sensors(nobody, no_past, {})
