"""From normal sessions to a bundle: held-out blocks, calibration, and a last fit on everything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import msgspec
import numpy as np
import torch

from detector.errors import TrainingError
from detector.frontends.contract import FrontEnd
from detector.records import Samples
from detector.scoring.bundle import Bundle
from detector.scoring.detectors import Detector, residual_only
from detector.scoring.document import Document
from detector.scoring.score import EVERY, Array, ScoreRule
from detector.sensors.learn import learn as learn_sensors
from detector.thresholds.methods import PlacedThreshold
from detector.training.data.dataset import Dataset
from detector.training.data.front_ends import described
from detector.training.data.prepare import Prepared, prepare
from detector.training.fitting.beside import (
    NO_BLOCKS,
    NO_STATE,
    RESIDUAL_ONLY,
    WITHOUT,
    floor_detectors,
)
from detector.training.fitting.calibrate import (
    Conditioning,
    HeldOut,
    Split,
    calibrate,
    slow_weights,
)
from detector.training.fitting.commissioned import commissioned_rule
from detector.training.fitting.describe import describe
from detector.training.fitting.hold_out import HoldOut, fit_all, fit_blocks, score_parts
from detector.training.fitting.network import FittedModel, full_config
from detector.training.fitting.plan import TrainOptions

Calibrator: TypeAlias = Callable[
    [Detector, Sequence[HeldOut], Conditioning], tuple[ScoreRule, PlacedThreshold]
]

TRAINED_ON = 100_000  # windows that show what calibrating on the training data would have given


def train(
    dataset: Dataset, options: TrainOptions, name: str, *, has_rows_beside: bool = True
) -> Bundle:
    """Train and calibrate one model.

    Args:
        dataset: Normal sessions, all normal states.
        options: What to train.
        name: Of the bundle.
        has_rows_beside: Whether an evaluation will show what it is compared with.

    Raises:
        TrainingError: If the sessions are too short, constant, or the loss is not finite.
    """
    torch.set_num_threads(1)
    recipe = options.recipe
    recipe = replace(
        recipe,
        config=full_config(recipe.name, recipe.config),
        # The plain window MSE is one of the residual alone; of |z| the signal is the residual.
        signal=recipe.signal and options.conditioning.judges == "terms" and recipe.name != "zscore",
    )
    options = replace(options, recipe=recipe)
    channels, heard = dataset.features, dataset.sessions
    dataset, options = _with_front_end(dataset, options)
    ready = prepare(dataset, options.preparation)
    floors = _floors(dataset.front, ready)
    if floors is not None:
        recipe = replace(recipe, least=tuple(np.sqrt(floors).tolist()))
        options = replace(options, recipe=recipe)
    period_s = dataset.sampling_period_s
    represented = recipe.represented(dataset.features, options.window, period_s)
    held = fit_blocks(ready, options, represented)
    last = fit_all(ready, options, represented, held.fits)
    learn = _calibrator(ready, period_s, floors)
    chosen = options.conditioning
    rule, placed = learn(last.detector, held.parts, chosen)
    if options.base is not None:
        rule = rule.at_least(options.base)
    document = describe(dataset, options, ready, held, last, rule, placed)
    own = commissioned_rule(ready, held, options.window, rule.weights, chosen, period_s, rule.floor)
    if own is not None:
        document = msgspec.structs.replace(
            document, commissioned=own, commission_s=chosen.commission_s
        )
    if has_rows_beside:
        rules = _rules_beside(ready, held, document, last, options, learn)
        sensors = learn_sensors([Samples(channels, one.ts, one.values) for one in heard])
        document = msgspec.structs.replace(document, beside=rules, sensors=sensors)
    return Bundle(name, document, last.model)


def _with_front_end(dataset: Dataset, options: TrainOptions) -> tuple[Dataset, TrainOptions]:
    """Sessions of feature samples, where there is a front end.

    Its columns are levels: they may go slowly, and repeats are a column of their own.
    """
    if options.front_end is None:
        return dataset, options
    if options.recipe.segments or options.preparation.baseline or options.preparation.level_gate:
        raise TrainingError(
            "front end: with window features, a baseline or the level as running signal, allowed: "
            "none of them"
        )
    chosen = replace(options.conditioning, weigh_slow=False, flats=False)
    units = {**dataset.units, **options.units}
    dataset, plan = described(dataset, options.front_end, units)
    return dataset, replace(options, conditioning=chosen, front_end=plan)


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
        row: learn(detector, _score_all(ready, held.blocks, detector, window), chosen)[0]
        for row, detector in floor_detectors(document).items()
    }
    bare = residual_only(last.detector)
    bare_parts = [replace(p, terms=p.terms.first(len(bare.groups))) for p in held.parts]
    for row, without in WITHOUT.items():
        alone = row in RESIDUAL_ONLY
        if without(chosen) != chosen or (alone and bare is not last.detector):
            detector, parts = (bare, bare_parts) if alone else (last.detector, held.parts)
            rules[row] = learn(detector, parts, without(chosen))[0]
    seen = [
        HeldOut(part.terms, np.ones_like(part.judged)) for part in held.parts if len(part.judged)
    ]
    if document.running is not None or document.lowest_log_rms is not None:
        rules[NO_STATE] = learn(last.detector, seen, chosen)[0]
    trained_on = _score_all(ready, held.blocks, last.detector, window, TRAINED_ON)
    rules[NO_BLOCKS] = learn(last.detector, trained_on, chosen)[0]
    return rules


def _score_all(
    ready: Prepared,
    blocks: Sequence[Split],
    detector: Detector,
    window: int,
    most: int = sys.maxsize,
) -> list[HeldOut]:
    """Held-out parts of one block after the other, until there are enough."""
    parts: list[HeldOut] = []
    for block in blocks:
        if sum(len(part.judged) for part in parts) < most:
            parts += score_parts(ready, block, detector, window)
    return parts


def _floors(front: FrontEnd | None, ready: Prepared) -> Array | None:
    """Per column of a front end, the square of the least that it tells, in scaled units."""
    if front is None:
        return None
    floors = (np.asarray(front.resolution) / ready.scaling.scale) ** 2
    if ready.machines is None:
        return np.asarray(floors)
    pairs = zip(ready.given, ready.judged, strict=True)
    given = np.concatenate([one[flags] for one, flags in pairs])
    deviation = ready.machines.deviation(ready.machines.unknown, given)
    return np.asarray(floors / (deviation**2).mean(axis=0))


def _calibrator(ready: Prepared, period_s: float, floors: Array | None) -> Calibrator:
    width = ready.sessions[0].shape[1]

    def learn(
        detector: Detector, parts: Sequence[HeldOut], chosen: Conditioning
    ) -> tuple[ScoreRule, PlacedThreshold]:
        each = (1.0,) * width
        if chosen.weigh_slow:
            each = slow_weights(ready.sessions, ready.running)
        weights = tuple(1.0 if group == EVERY else each[group] for group in detector.groups)
        floor: tuple[float, ...] = ()
        if floors is not None:
            floor = tuple(0.0 if g == EVERY else float(floors[g]) for g in detector.groups)
        return calibrate(parts, weights, chosen, period_s, floor)

    return learn
