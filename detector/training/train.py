"""From normal sessions to a bundle: held-out blocks, calibration, and a last fit on everything."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from detector.errors import TrainingError
from detector.networks.base import full_config
from detector.records import Flags, Values
from detector.scoring.bundle import (
    FORMAT,
    Bundle,
    Calibration,
    Document,
    Feature,
    Running,
    Scaling,
    Training,
    data_hash,
)
from detector.scoring.scorer import score_windows
from detector.sessions.operating import level_flags, log_rms, settled_flags
from detector.sessions.scaling import fit_scaling, scale
from detector.sessions.windows import whole_windows, windows
from detector.settings import RunningSignal
from detector.thresholds import false_alarms_per_day_bound
from detector.training.calibrate import HeldOut, Split, calibrate, slow_weights, splits
from detector.training.dataset import Dataset, take_baseline
from detector.training.fit import Epoch, FitPlan, Fitted, WindowPool, fit, pca_mse

STANDSTILL = np.log(3.0)  # levels further apart than this are two states, not one


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What to train.

    Attributes:
        network: Name of the network.
        config: Its config fields, defaults for the rest.
        window: L, samples.
        scaling: ``standard``, ``minmax`` or ``robust``.
        baseline: Samples at the start of a session whose mean is taken off; 0: none.
        smoothing: Windows whose terms are averaged; 1: none.
        level_gate: Judge by the signal's own level where there is no running signal.
        units: Unit per feature.
        seed: Same seed and data, same bytes.
        plan: How long and how fast to learn.
    """

    network: str = "lstm_ae"
    config: dict[str, Any] = field(default_factory=dict)
    window: int = 60
    scaling: str = "standard"
    baseline: int = 0
    smoothing: int = 1
    level_gate: bool = False
    units: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    plan: FitPlan = field(default_factory=FitPlan)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Scaled sessions and which of their windows are judged."""

    sessions: list[Values]
    running: list[Flags]
    judged: list[Flags]
    scaling: Scaling
    lowest_log_rms: float | None


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
    options = replace(options, config=full_config(options.network, options.config))
    ready = prepare(dataset, options)
    held_out, fits, metrics = _hold_out(ready, options)
    weights = slow_weights(ready.sessions, ready.running)
    rule, count = calibrate(held_out, weights, options.smoothing)
    last = _fit_all(ready, options, fits)
    hours = count * dataset.sampling_period_s / 3600
    document = Document(
        format=FORMAT,
        network=options.network,
        config=options.config,
        features=tuple(Feature(f, options.units.get(f, "")) for f in dataset.features),
        window=options.window,
        stride=1,
        sampling_period_s=dataset.sampling_period_s,
        baseline=options.baseline,
        scaling=ready.scaling,
        running=_running(dataset.signal),
        lowest_log_rms=ready.lowest_log_rms,
        score=rule,
        calibration=Calibration(
            "max", len(fits), count, hours, false_alarms_per_day_bound(0, hours)
        ),
        training=_provenance(dataset, options, last),
        versions={"python": platform.python_version(), "torch": str(torch.__version__)},
        metrics={**metrics, "train_mse": last.train_mse},
    )
    return Bundle(name, document, last.network)


def prepare(dataset: Dataset, options: TrainOptions) -> Prepared:
    """Take baselines off, scale, and find the judged windows."""
    kept = [s for s in dataset.sessions if len(s.ts) >= max(options.baseline, options.window)]
    if not kept:
        longest = max((len(s.ts) for s in dataset.sessions), default=0)
        raise TrainingError(
            f"training: the longest session has {longest} samples, allowed: at least "
            f"{max(options.baseline, options.window)}"
        )
    plain = take_baseline([session.values for session in kept], options.baseline)
    centre, spread = fit_scaling(plain, options.scaling, dataset.features)
    scaled = [scale(values, centre, spread) for values in plain]
    running = [session.running for session in kept]
    lowest = _lowest_level(scaled, options.window) if options.level_gate else None
    judged = [
        _judged(values, flags, dataset, options.window, lowest)
        for values, flags in zip(scaled, running, strict=True)
    ]
    scaling = Scaling(options.scaling, tuple(centre), tuple(spread))
    return Prepared(scaled, running, judged, scaling, lowest)


def _hold_out(
    ready: Prepared, options: TrainOptions
) -> tuple[list[HeldOut], list[Fitted], dict[str, float]]:
    blocks = splits(ready.sessions, options.window)
    parts: list[HeldOut] = []
    fits: list[Fitted] = []
    metrics: dict[str, float] = {}
    for number, block in enumerate(blocks):
        pool = WindowPool(block.train, options.window)
        held_out = WindowPool(_held_out_parts(ready, block), options.window)
        title = f"block {number + 1} of {len(blocks)}"
        fits.append(_fit(options, pool, options.plan, number, title, held_out))
        if number == 0:
            metrics["pca_held_out_mse_of_block_1"] = pca_mse(pool, held_out, fits[0].network.latent)
            metrics["held_out_mse_of_block_1"] = fits[0].held_out_mse or 0.0
        parts += _score_parts(ready, block, fits[-1], options.window)
    metrics["held_out_mse"] = float(np.mean([found.held_out_mse for found in fits]))
    return parts, fits, metrics


def _fit_all(ready: Prepared, options: TrainOptions, fits: list[Fitted]) -> Fitted:
    """Fit everything for as long as the held-out blocks said is best."""
    epochs = round(float(np.mean([f.steps for f in fits])) / options.plan.epoch_steps)
    plan = replace(options.plan, epochs=max(epochs, 1))
    pool = WindowPool(ready.sessions, options.window)
    return _fit(options, pool, plan, len(fits), "all sessions", None)


def _fit(
    options: TrainOptions,
    pool: WindowPool,
    plan: FitPlan,
    number: int,
    title: str,
    held_out: WindowPool | None,
) -> Fitted:
    with tqdm(total=plan.epochs, unit="epoch", desc=f"{title:12s}", dynamic_ncols=True) as bar:

        def show(epoch: Epoch) -> None:
            shown = {"loss": f"{epoch.loss:.4f}", "windows/s": f"{epoch.windows_per_s:.0f}"}
            if epoch.held_out_mse is not None:
                shown["held out"] = f"{epoch.held_out_mse:.4f}"
            bar.set_postfix(shown, refresh=False)
            bar.update(epoch.number - bar.n)

        seed = options.seed + number
        return fit(
            options.network, options.config, pool, plan, seed=seed, held_out=held_out, progress=show
        )


def _held_out_parts(ready: Prepared, block: Split) -> list[Values]:
    return [ready.sessions[number][first:end] for number, first, end in block.held_out]


def _score_parts(ready: Prepared, block: Split, fitted: Fitted, window: int) -> list[HeldOut]:
    parts = []
    for number, first, end in block.held_out:
        seen = windows(ready.sessions[number][first:end], window)
        scored = score_windows(fitted.network, seen, chunk=256)
        parts.append(HeldOut(scored.terms, ready.judged[number][end - len(seen) : end]))
    return parts


def _judged(
    scaled: Values, running: Flags, dataset: Dataset, window: int, lowest: float | None
) -> Flags:
    if dataset.signal is not None:
        return settled_flags(running, window)
    if lowest is not None:
        return level_flags(scaled, window, lowest)
    return whole_windows(running, window)


def _lowest_level(scaled: list[Values], window: int) -> float | None:
    """Between the levels of standstill and running; None where there is only one."""
    levels = np.concatenate([log_rms(values, window) for values in scaled])
    still, runs = np.percentile(levels, [2, 75])
    return float((still + runs) / 2) if runs - still > STANDSTILL else None


def _running(signal: RunningSignal | None) -> Running | None:
    if signal is None:
        return None
    upper = signal.max if np.isfinite(signal.max) else None
    return Running(signal.feature, signal.min, upper)


def _provenance(dataset: Dataset, options: TrainOptions, last: Fitted) -> Training:
    samples = sum(len(session.ts) for session in dataset.sessions)
    return Training(
        data_hash=data_hash([session.values.tobytes() for session in dataset.sessions]),
        sessions=len(dataset.sessions),
        samples=samples,
        hours=samples * dataset.sampling_period_s / 3600,
        seed=options.seed,
        steps=last.steps,
    )
