"""A model of shipped size for the benchmark's signals, fitted for seconds rather than minutes.

What a window costs to score does not depend on how well the network has learnt it; its sizes,
calibration and threshold are made as those of a shipped model.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.lib.load import healthy
from detector.scoring.bundle import save_bundle
from detector.training.data.dataset import Dataset, TrainingSession
from detector.training.fitting.fit import FitPlan
from detector.training.fitting.network import Recipe
from detector.training.fitting.plan import TrainOptions
from detector.training.train import train
from simulator.machines.motor import FEATURES

CONFIGS = {"lstm_ae": {"variant": "folded"}, "lstm_ae_stream": {}}  # as shipped, where one is
MOTORS = 12
MINUTES = 0.75  # of each
PLAN = FitPlan(epochs=2, epoch_steps=50, min_steps=1)


def train_small(folder: Path, rate_hz: float, seed: int, network: str = "lstm_ae") -> None:
    """Train a network of ``CONFIGS`` on normal motors and write the bundle to ``folder``."""
    samples = round(MINUTES * 60 * rate_hz)
    sessions = tuple(_session(seed + number, samples, rate_hz) for number in range(MOTORS))
    dataset = Dataset(FEATURES, 1 / rate_hz, None, sessions)
    recipe = Recipe(name=network, config=CONFIGS[network], plan=PLAN)
    options = TrainOptions(recipe=recipe, seed=seed, units=dict.fromkeys(FEATURES, "g"))
    save_bundle(train(dataset, options, folder.name), folder)


def _session(seed: int, samples: int, rate_hz: float) -> TrainingSession:
    values = healthy(seed, samples, rate_hz).astype(np.float32)
    ts = np.arange(samples) / rate_hz
    return TrainingSession(f"motor {seed}", ts, values, np.ones(samples, np.bool_))
