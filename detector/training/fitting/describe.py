"""What a bundle says of the training it comes from."""

from __future__ import annotations

import platform
from importlib.metadata import version

import numpy as np

from detector.networks.contract import Network
from detector.scoring.bundle import data_hash
from detector.scoring.detectors import WithSignal
from detector.scoring.document import (
    FORMAT,
    Calibration,
    Document,
    Feature,
    Running,
    Scaling,
    Training,
    WindowFeaturesPlan,
)
from detector.scoring.score import ScoreRule
from detector.settings.devices import RunningSignal
from detector.thresholds.methods import PlacedThreshold
from detector.training.data.dataset import Dataset
from detector.training.data.front_ends import FrontEndChoice
from detector.training.data.prepare import Prepared
from detector.training.fitting.hold_out import HoldOut
from detector.training.fitting.network import FittedModel, Recipe
from detector.training.fitting.plan import TrainOptions


def describe(
    dataset: Dataset,
    options: TrainOptions,
    ready: Prepared,
    held: HoldOut,
    last: FittedModel,
    rule: ScoreRule,
    placed: PlacedThreshold,
) -> Document:
    """All of a bundle's document but the rules of what it is compared with."""
    recipe, preparation = options.recipe, options.preparation
    units = options.units if dataset.front is None else dataset.units
    assert not isinstance(options.front_end, FrontEndChoice)  # ``train`` has fitted it
    metrics = (
        held.metrics if last.train_mse is None else {**held.metrics, "train_mse": last.train_mse}
    )
    return Document(
        format=FORMAT,
        network=recipe.name,
        config=recipe.config,
        features=tuple(Feature(f, units.get(f, "")) for f in dataset.features),
        window=options.window,
        stride=1,
        sampling_period_s=dataset.sampling_period_s,
        baseline=preparation.baseline,
        trim=preparation.trim,
        scaling=ready.scaling,
        running=_running(dataset.signal),
        lowest_log_rms=ready.lowest_log_rms,
        conditions=ready.conditions,
        spread=None if ready.machines is None else ready.machines.spread,
        score=rule,
        calibration=told(placed, len(held.fits)),
        training=_provenance(dataset, options, last),
        versions=_versions(last),
        metrics=metrics,
        signal=_signal(last),
        window_features=_window_features(recipe, last),
        front_end=options.front_end,
    )


def told(placed: PlacedThreshold, blocks: int) -> Calibration:
    """Where a threshold comes from, as a bundle tells it."""
    return Calibration(
        method=placed.method,
        blocks=blocks,
        windows=placed.windows,
        hours=placed.hours,
        false_alarms_per_day_bound=placed.false_alarms_per_day_bound,
        false_alarms=placed.false_alarms,
    )


def _window_features(recipe: Recipe, last: FittedModel) -> WindowFeaturesPlan | None:
    if last.columns is None:
        return None
    return WindowFeaturesPlan(
        segments=recipe.segments,
        bands=recipe.bands,
        rpm=recipe.rpm,
        centre=last.columns.centre,
        scale=last.columns.scale,
    )


def _signal(last: FittedModel) -> Scaling | None:
    if not isinstance(last.detector, WithSignal):
        return None
    scaling = last.detector.scaling
    return Scaling("standard", scaling.centre, scaling.scale)


def _running(signal: RunningSignal | None) -> Running | None:
    if signal is None:
        return None
    upper = signal.max if np.isfinite(signal.max) else None
    return Running(signal.feature, signal.min, upper, signal.ranges)


def _versions(last: FittedModel) -> dict[str, str]:
    own = "torch" if isinstance(last.model, Network) else "scikit-learn"
    return {"python": platform.python_version(), own: version(own)}


def _provenance(dataset: Dataset, options: TrainOptions, last: FittedModel) -> Training:
    samples = sum(len(session.ts) for session in dataset.sessions)
    return Training(
        data_hash=data_hash([session.values.tobytes() for session in dataset.sessions]),
        sessions=len(dataset.sessions),
        samples=samples,
        hours=samples * dataset.sampling_period_s / 3600,
        seed=options.seed,
        steps=last.steps,
    )
