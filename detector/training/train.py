"""From normal sessions to a bundle: held-out blocks, calibration, and a last fit on everything."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import torch
from tqdm import tqdm

from detector.networks.contract import Network
from detector.records import Values
from detector.scoring.bundle import Bundle, data_hash
from detector.scoring.detectors import Detector
from detector.scoring.document import (
    FORMAT,
    Calibration,
    Document,
    Feature,
    Running,
    Training,
    WindowFeaturesPlan,
)
from detector.scoring.score import EVERY, ScoreRule
from detector.scoring.scorer import score_windows
from detector.sessions.representation import WindowFeatures
from detector.sessions.windows import windows
from detector.settings import RunningSignal
from detector.thresholds import PlacedThreshold
from detector.training.beside import NO_BLOCKS, NO_STATE, WITHOUT, floor_detectors
from detector.training.calibrate import (
    Conditioning,
    HeldOut,
    Split,
    calibrate,
    slow_weights,
    splits,
)
from detector.training.dataset import Dataset
from detector.training.fit import Epoch, pca_mse
from detector.training.fitting import FittedModel, Recipe, fit_model, full_config
from detector.training.pool import WindowPool
from detector.training.prepare import Preparation, Prepared, prepare

Calibrator: TypeAlias = Callable[
    [Detector, Sequence[HeldOut], Conditioning], tuple[ScoreRule, PlacedThreshold]
]

CHUNK = 256
FLOOR_WINDOWS = 100_000  # held-out windows after which the floor rows are calibrated well enough


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What to train.

    Attributes:
        recipe: Network or reference, and how it is fitted.
        preparation: How sessions are made ready.
        conditioning: How residuals become a score and where its threshold lies.
        hold_out: By ``session`` or ``block``; ``auto`` takes sessions where there are enough.
        units: Unit per feature.
        seed: Same seed and data, same bytes.
    """

    recipe: Recipe = field(default_factory=Recipe)
    preparation: Preparation = field(default_factory=Preparation)
    conditioning: Conditioning = field(default_factory=Conditioning)
    hold_out: Literal["auto", "session", "block"] = "auto"
    units: dict[str, str] = field(default_factory=dict)
    seed: int = 0

    @property
    def window(self) -> int:
        """L, samples."""
        return self.preparation.window


@dataclass(frozen=True, slots=True)
class HoldOut:
    """What the held-out blocks showed: their windows, scored by models that have not seen them."""

    blocks: list[Split]
    parts: list[HeldOut]
    fits: list[FittedModel]
    metrics: dict[str, float]


def train(dataset: Dataset, options: TrainOptions, name: str) -> Bundle:
    """Train and calibrate one model.

    Args:
        dataset: Normal sessions, all normal states.
        options: What to train.
        name: Of the bundle.

    Raises:
        TrainingError: If the sessions are too short, constant, or the loss is not finite.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    recipe = options.recipe
    recipe = replace(recipe, config=full_config(recipe.name, recipe.config))
    options = replace(options, recipe=recipe)
    ready = prepare(dataset, options.preparation)
    period_s = dataset.sampling_period_s
    represented = recipe.represented(dataset.features, options.window, period_s)
    held = _hold_out(ready, options, represented)
    last = _fit_all(ready, options, represented, held.fits)
    learn = _calibrator(ready, period_s)
    chosen = options.conditioning
    rule, placed = learn(last.detector, held.parts, chosen)
    document = _document(dataset, options, ready, held, last, rule, placed)
    rules = _rules_beside(ready, held, document, last, options, learn)
    return Bundle(name, msgspec.structs.replace(document, beside=rules), last.model)


def _rules_beside(
    ready: Prepared,
    held: HoldOut,
    document: Document,
    last: FittedModel,
    options: TrainOptions,
    learn: Calibrator,
) -> dict[str, ScoreRule]:
    """The rules of ``training.beside``, learnt from the same windows."""
    chosen, window = options.conditioning, options.window
    rules = {
        row: learn(detector, _score_some(ready, held.blocks, detector, window), chosen)[0]
        for row, detector in floor_detectors(document).items()
    }
    rules |= {
        row: learn(last.detector, held.parts, without(chosen))[0]
        for row, without in WITHOUT.items()
        if without(chosen) != chosen
    }
    seen = [
        HeldOut(part.terms, np.ones_like(part.judged)) for part in held.parts if len(part.judged)
    ]
    if document.running is not None or document.lowest_log_rms is not None:
        rules[NO_STATE] = learn(last.detector, seen, chosen)[0]
    trained_on = _score_some(ready, held.blocks, last.detector, window)
    rules[NO_BLOCKS] = learn(last.detector, trained_on, chosen)[0]
    return rules


def _hold_out(
    ready: Prepared, options: TrainOptions, represented: WindowFeatures | None
) -> HoldOut:
    blocks = splits(ready.sessions, options.window, options.hold_out)
    parts: list[HeldOut] = []
    fits: list[FittedModel] = []
    metrics: dict[str, float] = {}
    for number, block in enumerate(blocks):
        pool = WindowPool(block.train, options.window)
        held_out = WindowPool(_held_out_parts(ready, block), options.window)
        title = f"block {number + 1} of {len(blocks)}"
        with _bar(options.recipe, title) as progress:
            found = fit_model(
                options.recipe,
                represented,
                pool,
                seed=options.seed + number,
                held_out=held_out,
                progress=progress,
                title=title.replace(" ", "-"),
            )
        if number == 0:
            metrics |= _beside_pca(found, pool, held_out)
        parts += _score_parts(ready, block, found.detector, options.window)
        fits.append(found)
    watched = [found.held_out_mse for found in fits if found.held_out_mse is not None]
    if watched:
        metrics["held_out_mse"] = float(np.mean(watched))
    return HoldOut(blocks, parts, fits, metrics)


def _beside_pca(found: FittedModel, pool: WindowPool, held_out: WindowPool) -> dict[str, float]:
    """Held-out MSE of block 1, and of PCA with as many components, where that can be compared."""
    latent = getattr(found.model, "latent", None)
    if found.held_out_mse is None:
        return {}
    shown = {"held_out_mse_of_block_1": found.held_out_mse}
    if found.columns is None and latent is not None:
        shown["pca_held_out_mse_of_block_1"] = pca_mse(pool, held_out, latent)
    return shown


def _fit_all(
    ready: Prepared,
    options: TrainOptions,
    represented: WindowFeatures | None,
    fits: Sequence[FittedModel],
) -> FittedModel:
    """Fit everything for as long as the held-out blocks said is best."""
    recipe = options.recipe
    pool = WindowPool(ready.sessions, options.window)
    if recipe.is_network:
        steps = float(np.mean([found.steps for found in fits]))
        an_epoch = min(recipe.plan.epoch_steps, -(-len(pool) // recipe.plan.batch))
        epochs = max(round(steps / an_epoch), 1)
        recipe = replace(recipe, plan=replace(recipe.plan, epochs=epochs))
    with _bar(recipe, "all sessions") as progress:
        return fit_model(
            recipe,
            represented,
            pool,
            seed=options.seed + len(fits),
            held_out=None,
            progress=progress,
            title="all",
        )


@contextmanager
def _bar(recipe: Recipe, title: str) -> Iterator[Callable[[Epoch], None]]:
    """A progress bar; a reference is fitted in one go and has none."""
    if not recipe.is_network:
        yield lambda _: None
        return
    with tqdm(
        total=recipe.plan.epochs, unit="epoch", desc=f"{title:12s}", dynamic_ncols=True
    ) as bar:

        def show(epoch: Epoch) -> None:
            shown = {"loss": f"{epoch.loss:.4f}", "windows/s": f"{epoch.windows_per_s:.0f}"}
            if epoch.held_out_mse is not None:
                shown["held out"] = f"{epoch.held_out_mse:.4f}"
            bar.set_postfix(shown, refresh=False)
            bar.update(epoch.number - bar.n)

        yield show


def _held_out_parts(ready: Prepared, block: Split) -> list[Values]:
    return [ready.sessions[number][first:end] for number, first, end in block.held_out]


def _score_parts(ready: Prepared, block: Split, detector: Detector, window: int) -> list[HeldOut]:
    parts = []
    for number, first, end in block.held_out:
        seen = windows(ready.sessions[number][first:end], window)
        scored = score_windows(detector, seen, chunk=CHUNK)
        parts.append(HeldOut(scored.terms, ready.judged[number][end - len(seen) : end]))
    return parts


def _score_some(
    ready: Prepared, blocks: Sequence[Split], detector: Detector, window: int
) -> list[HeldOut]:
    """Held-out parts of one block after the other, until there are enough."""
    parts: list[HeldOut] = []
    for block in blocks:
        if sum(len(part.judged) for part in parts) < FLOOR_WINDOWS:
            parts += _score_parts(ready, block, detector, window)
    return parts


def _calibrator(ready: Prepared, period_s: float) -> Calibrator:
    width = ready.sessions[0].shape[1]
    slow = slow_weights(ready.sessions, ready.running)

    def learn(
        detector: Detector, parts: Sequence[HeldOut], chosen: Conditioning
    ) -> tuple[ScoreRule, PlacedThreshold]:
        each = slow if chosen.weigh_slow else (1.0,) * width
        weights = tuple(1.0 if group == EVERY else each[group] for group in detector.groups)
        return calibrate(parts, weights, chosen, period_s)

    return learn


def _document(
    dataset: Dataset,
    options: TrainOptions,
    ready: Prepared,
    held: HoldOut,
    last: FittedModel,
    rule: ScoreRule,
    placed: PlacedThreshold,
) -> Document:
    recipe, preparation = options.recipe, options.preparation
    metrics = (
        held.metrics if last.train_mse is None else {**held.metrics, "train_mse": last.train_mse}
    )
    return Document(
        format=FORMAT,
        network=recipe.name,
        config=recipe.config,
        features=tuple(Feature(f, options.units.get(f, "")) for f in dataset.features),
        window=options.window,
        stride=1,
        sampling_period_s=dataset.sampling_period_s,
        baseline=preparation.baseline,
        trim=preparation.trim,
        scaling=ready.scaling,
        running=_running(dataset.signal),
        lowest_log_rms=ready.lowest_log_rms,
        score=rule,
        calibration=told(placed, len(held.fits)),
        training=_provenance(dataset, options, last),
        versions=_versions(last),
        metrics=metrics,
        window_features=_window_features(recipe, last),
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


def _running(signal: RunningSignal | None) -> Running | None:
    if signal is None:
        return None
    upper = signal.max if np.isfinite(signal.max) else None
    return Running(signal.feature, signal.min, upper)


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
