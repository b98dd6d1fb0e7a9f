"""A machine whose speed changes while it runs, and a small model with a front end for it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from detector.commissioning.learn import learn_own
from detector.frontends.contract import FrontEnd
from detector.normal.level import Own
from detector.records import Samples
from detector.scoring.bundle import Bundle
from detector.sessions.files import Recording
from detector.settings.devices import RunningSignal
from detector.training.data.dataset import Dataset, dataset_of
from detector.training.data.front_ends import FrontEndChoice
from detector.training.fitting.fit import FitPlan
from detector.training.train import train
from tests.support.motors import RATE_HZ, START, small_options

BLOCK, HOP = 50, 5
SLOWEST, FASTEST = 240.0, 900.0  # 1/min; four turns a second to fifteen
CHOICE = FrontEndChoice(block_s=BLOCK / RATE_HZ, hop_s=HOP / RATE_HZ, speed="rpm", bands=3)
BRIEF = FitPlan(epochs=1, epoch_steps=10, min_steps=1)  # equal is equal, however little was learnt
CONFIGS = {
    "dense_ae": {"hidden": 16, "latent": 4},
    "lstm_ae_stream": {"hidden": 8, "latent": 4, "decoder_hidden": 16},
}
RUNNING = RunningSignal(feature="rpm", min=200, max=1000)


def turning(n: int, seed: int, start: float = START, session: str | None = None) -> Samples:
    """It stands for 2 s, then its speed wanders; x turns with it, y twice as fast."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / RATE_HZ
    swing = 0.5 + 0.5 * np.sin(2 * np.pi * t / rng.uniform(8, 16) + rng.uniform(0, 6))
    rpm = np.where(t < 2.0, 0.0, SLOWEST + (FASTEST - SLOWEST) * swing)
    turn = 2 * np.pi * np.cumsum(rpm) / 60 / RATE_HZ
    moving = (rpm > 0)[:, None]
    clean = np.stack([np.sin(turn), 0.5 * np.cos(2 * turn)], axis=1) * moving
    values = clean + np.array([0.0, 3.0]) + rng.normal(0, 0.1, (n, 2))
    return Samples(
        ("x", "y", "rpm"), start + t,
        np.column_stack([values, rpm]).astype(np.float32), session,
    )  # fmt: skip


def with_gain(samples: Samples, start: int, end: int, gain: float = 2.0) -> Samples:
    """Feature x turned up over samples ``start`` to ``end``."""
    values = samples.values.copy()
    values[start:end, 0] *= gain
    return Samples(samples.features, samples.ts, values, samples.session)


def sessions(count: int = 5, n: int = 1500) -> Dataset:
    """Normal sessions, the speed among the features."""
    made = [Recording(f"s{seed}", turning(n, seed), None) for seed in range(count)]
    return dataset_of(made, running=RUNNING, beside=("rpm",))


@cache
def inverter_bundle(
    name: str = "pca", window: int = 4, smoothing: int = 1, commission_s: float = 0.0,
    scales: tuple[int, ...] = (), conditions: tuple[str, ...] = (),
) -> Bundle:  # fmt: skip
    """A small model; nobody changes it."""
    options = small_options(
        network=name, window=window, smoothing=smoothing, plan=BRIEF,
        front_end=replace(CHOICE, conditions=conditions),
        commission_s=commission_s, scales=scales,
        config=CONFIGS.get(name, {}),
    )  # fmt: skip
    return train(sessions(), options, f"inverter-{name}")


@cache
def inverter_own(bundle: Bundle, gain: float = 1.0) -> Own:
    """Of a machine whose x is so much larger than of those trained on."""
    return learn_own(bundle, [with_gain(turning(1800, 77), 0, 1800, gain)], "m").own


class _Columns:
    """A front end of another kind, as it is scored: columns are kept, samples are not."""

    keeps = "columns"

    def __init__(self, front: FrontEnd) -> None:
        self._front = front

    def __getattr__(self, name: str) -> object:
        return getattr(self._front, name)


def keeping_columns(made: Bundle) -> Bundle:
    """The same model, of which the columns are stored."""
    bundle = Bundle(made.name, made.document, made.model)
    bundle.front = _Columns(made.front)
    return bundle
