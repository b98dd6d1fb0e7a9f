"""Machines that differ from each other more than each from itself, and a small model of them."""

from __future__ import annotations

from functools import cache

import numpy as np

from detector.records import Samples
from detector.scoring.bundle import Bundle
from detector.settings.devices import RunningSignal
from detector.training.data.dataset import Dataset, TrainingSession
from detector.training.train import train
from tests.support.motors import FEATURES, RATE_HZ, START, signal, small_options

OPTIONS = {"network": "zscore", "smoothing": 4, "commission_s": 8.0, "config": {}}


def machine(n: int, unit: int, run: int = 0, start: float = START) -> Samples:
    """Samples of one unit, some minutes of which are like any others of it."""
    rng = np.random.default_rng(100 + unit)
    gain, offset = np.exp(rng.uniform(-0.5, 0.5, 2)), rng.uniform(-0.3, 0.3, 2)
    values = signal(n, 1000 * unit + run) * gain + offset
    values = np.column_stack([values, np.full(n, 600.0)]).astype(np.float32)
    return Samples((*FEATURES, "rpm"), start + np.arange(n) / RATE_HZ, values)


def machines(units: int = 8, n: int = 1800) -> Dataset:
    """A normal session of each unit, always running."""
    made = [machine(n, unit) for unit in range(units)]
    sessions = [
        TrainingSession(f"unit {unit}", one.ts, one.values[:, :2], np.ones(n, np.bool_))
        for unit, one in enumerate(made)
    ]
    running = RunningSignal(feature="rpm", min=570, max=630)
    return Dataset(FEATURES, 1 / RATE_HZ, running, tuple(sessions))


@cache
def bundle_of_machines(scales: tuple[int, ...] = (25, 100)) -> Bundle:
    """Trained on them, without the rows that an evaluation shows beside it."""
    return train(machines(), small_options(**OPTIONS, scales=scales), "fleet",
                 has_rows_beside=False)  # fmt: skip
