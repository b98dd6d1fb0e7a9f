"""White noise with a sensor fault in it."""

import numpy as np

from simulator.faults.inject import FAULTS, Healthy, LiveFault, Signal, inject

SIGMA = 2.0
HEALTHY = Healthy(sigma=SIGMA, centre=1.0, peak=3.0 * SIGMA)
OF_VALUES = [family for family in FAULTS if family != "clock"]
START, END = 1000, 9000


def values():
    """Three features of white noise, sd ``SIGMA``, on a level of 1."""
    return 1.0 + SIGMA * np.random.default_rng(1).standard_normal((10_000, 3))


def faulty(family, severity=1.0, **changed):
    """The same values with a fault on feature 1 in rows START..END - 1."""
    asked = {"start": START, "end": END, "sigma": SIGMA, "axis": 1, **changed}
    rng = np.random.default_rng(2)
    return inject(values(), family=family, severity=severity, rng=rng, **asked)


def change(family, seed=2, n=10_000, rate_hz=100.0, **more):
    """Times and values with a live fault, in one piece; times are seconds from 5 on."""
    asked = {"start": START, "end": END, "sigma": SIGMA, "axis": 1, "healthy": HEALTHY, **more}
    live = LiveFault(family, seed=seed, rate_hz=rate_hz, **asked)
    return live.change(Signal(5.0 + np.arange(n) / rate_hz, values()[:n]), 0)


def shift(**more):
    """What a clock fault adds to the times of its range, s."""
    return (change("clock", **more).ts - (5.0 + np.arange(10_000) / 100.0))[START:END]


def variants(family, count=40, **more):
    """The changed feature's range under many seeds, shape (count, END - START)."""
    return np.array([change(family, seed, **more).values[START:END, 1] for seed in range(count)])
