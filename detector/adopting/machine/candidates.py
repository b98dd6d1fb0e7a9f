"""What is tried for one machine: a few models that learn within a minute, each in bounded steps."""

from __future__ import annotations

import math
from dataclasses import replace

from detector.errors import AdoptError
from detector.scoring.bundle import Bundle
from detector.sessions.running_states import nominal_rpm
from detector.sessions.window_length import default_window
from detector.thresholds.methods import MAX_MARGIN, ThresholdRule
from detector.training.data.dataset import Dataset
from detector.training.data.prepare import Preparation
from detector.training.fitting.calibrate import BLOCKS, Conditioning
from detector.training.fitting.fit import FitPlan
from detector.training.fitting.network import Recipe
from detector.training.fitting.plan import TrainOptions

SCRATCH = ("zscore", "pca", "dense_ae")  # the simplest first: it wins where several are alike
QUICK = FitPlan(epochs=5, min_steps=200, patience=2)  # at most 500 batches
TUNING = FitPlan(epochs=2, min_steps=100, patience=1, learning_rate=2e-3)
SMOOTHED_S = 0.5
STANDS_FOR_H = 2.0  # of running: so long nothing new shall look like a fault
SHORTEST_H = 0.1
SHORTEST_WINDOW = 10  # samples


def candidates(
    dataset: Dataset, learn: Dataset, base: Bundle | None, units: dict[str, str], seed: int
) -> tuple[dict[str, TrainOptions], str]:
    """Options by name, and why the window is as long as it is.

    Args:
        dataset: All of the machine's normal running.
        learn: What is left of it beside the fault lab's part.
        base: Begin from it too; None: only from scratch.
        units: By feature, where they are known.
        seed: Of all of them.

    Raises:
        AdoptError: If the sessions are too short for any window.
    """
    window, why = _window(dataset, _longest_window(learn))
    scratch = _options(dataset, window, units, seed)
    made = {
        name: replace(scratch, recipe=Recipe(name=name, plan=QUICK, device="cpu"))
        for name in SCRATCH
    }
    if base is not None and base.document.window <= _longest_window(learn):
        made[f"from {base.name}"] = _tuned(dataset, base, units, seed)
    return made, why


def in_order_of(dataset: Dataset, base: Bundle | None) -> Dataset:
    """The same with its features in the order of a base, whose weights need them so."""
    if base is None or base.features == dataset.features:
        return dataset
    columns = [dataset.features.index(name) for name in base.features]
    sessions = [replace(s, values=s.values[:, columns]) for s in dataset.sessions]
    return replace(dataset, features=base.features, sessions=tuple(sessions))


def _options(dataset: Dataset, window: int, units: dict[str, str], seed: int) -> TrainOptions:
    smoothing = max(1, min(round(SMOOTHED_S / dataset.sampling_period_s), window))
    return TrainOptions(
        preparation=Preparation(window=window, level_gate=dataset.signal is None),
        conditioning=Conditioning(
            smoothing=smoothing, threshold_rule=ThresholdRule(margin=_margin(dataset))
        ),
        units=units,
        seed=seed,
    )


def _margin(dataset: Dataset) -> float:
    """Times the largest normal score, so that a short stretch stands for a long one.

    A level that wanders gets farther as the square root of time.
    """
    hours = sum(int(s.running.sum()) for s in dataset.sessions) * dataset.sampling_period_s / 3600
    return MAX_MARGIN * max(math.sqrt(STANDS_FOR_H / max(hours, SHORTEST_H)), 1.0)


def _tuned(dataset: Dataset, base: Bundle, units: dict[str, str], seed: int) -> TrainOptions:
    """The base's network, window and weights; scales and threshold are the machine's own."""
    document = base.document
    seen = document.window_features
    recipe = Recipe(
        name=document.network,
        config=document.config,
        segments=0 if seen is None else seen.segments,
        bands=3 if seen is None else seen.bands,
        rpm=None if seen is None else seen.rpm,
        plan=TUNING,
        device="cpu",
        start=base.model.state_dict(),  # type: ignore[union-attr]  # only networks are bases
    )
    known = {feature.name: feature.unit for feature in document.features if feature.unit}
    options = _options(dataset, document.window, {**known, **units}, seed)
    return replace(options, recipe=recipe)


def _window(dataset: Dataset, longest: int) -> tuple[int, str]:
    running = [session.values[session.running] for session in dataset.sessions]
    length, why = default_window(running, dataset.sampling_period_s, nominal_rpm(dataset.signal))
    if length <= longest:
        return length, why
    return longest, f"{longest} samples: what the length of the sessions allows ({why})"


def _longest_window(learn: Dataset) -> int:
    """The longest that can be calibrated by held-out blocks.

    Raises:
        AdoptError: If that is too short.
    """
    lengths = [len(session.ts) for session in learn.sessions]
    most = max(lengths) // (2 * BLOCKS)
    if most < SHORTEST_WINDOW:
        raise AdoptError(
            f"adopt: the longest unbroken stretch to learn from has {max(lengths)} samples, "
            f"allowed: at least {2 * BLOCKS * SHORTEST_WINDOW}"
        )
    return most
