"""Small machines and models for tests: trained in seconds, yet real."""

from __future__ import annotations

import numpy as np

from detector.records import Samples
from detector.scoring.bundle import Bundle
from detector.settings.devices import RunningSignal
from detector.training.data.dataset import Dataset, TrainingSession
from detector.training.data.prepare import Preparation
from detector.training.fitting.calibrate import Conditioning
from detector.training.fitting.fit import FitPlan
from detector.training.fitting.network import Recipe
from detector.training.fitting.plan import TrainOptions
from detector.training.train import train

FEATURES = ("x", "y")
RATE_HZ = 50.0
START = 1_700_000_000.0
SMALL_PLAN = FitPlan(epochs=4, epoch_steps=30, min_steps=1, learning_rate=2e-2)


def signal(n: int, seed: int) -> np.ndarray:
    """Two sines of 2 Hz with noise, shape (n, 2), float32."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / RATE_HZ + rng.uniform(0, 1)
    clean = np.stack([np.sin(4 * np.pi * t), 3 + 0.5 * np.cos(4 * np.pi * t)], axis=1)
    return (clean + rng.normal(0, 0.1, (n, 2))).astype(np.float32)


def live(n: int, seed: int, start: float = START, session: str | None = None) -> Samples:
    """The same signal as it comes from a device, with a running signal."""
    values = np.column_stack([signal(n, seed), np.full(n, 600.0, np.float32)])
    return Samples((*FEATURES, "rpm"), start + np.arange(n) / RATE_HZ, values, session)


def with_fault(samples: Samples, start: int, end: int) -> Samples:
    """A level shift of feature x over samples ``start`` to ``end``."""
    values = samples.values.copy()
    values[start:end, 0] += 2.0
    return Samples(samples.features, samples.ts, values, samples.session)


def dataset(sessions: int = 3, n: int = 1200) -> Dataset:
    """Normal sessions of the machine, always running."""
    made = [
        TrainingSession(
            f"s{seed}", START + np.arange(n) / RATE_HZ, signal(n, seed), np.ones(n, np.bool_)
        )
        for seed in range(sessions)
    ]
    running = RunningSignal(feature="rpm", min=570, max=630)
    return Dataset(FEATURES, 1 / RATE_HZ, running, tuple(made))


def small_bundle(name: str = "small", **options) -> Bundle:
    """A trained LSTM autoencoder, small and quick."""
    return train(dataset(), small_options(**options), name)


def small_options(**options) -> TrainOptions:
    """What it is trained with; fields of recipe, preparation and conditioning are put there."""
    parts = {
        "recipe": (Recipe, {"config": {"hidden": 8, "decoder_hidden": 16}, "plan": SMALL_PLAN}),
        "preparation": (Preparation, {"window": 25}),
        "conditioning": (Conditioning, {}),
    }
    made = {}
    if "network" in options:
        options["name"] = options.pop("network")
    for name, (kind, chosen) in parts.items():
        own = [key for key in options if key in kind.__dataclass_fields__]
        made[name] = kind(**{**chosen, **{key: options.pop(key) for key in own}})
    return TrainOptions(**made, **options)
