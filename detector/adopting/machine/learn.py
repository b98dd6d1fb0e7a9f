"""A model for one machine: candidates on running that none has seen, the best learnt from it all.

A shipped model that the machine is commissioned on, as it is, is one of them: it knows more
machines and more hours than a few minutes can show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from detector.adopting.machine.candidates import candidates, in_order_of
from detector.adopting.machine.normal import Normal, parts_of
from detector.adopting.machine.sight import Seen, sight_of
from detector.commissioning.recorded import own_of_normal
from detector.errors import CommissionError, FaultlineError, TrainingError
from detector.normal.level import Own
from detector.records import Flags
from detector.scoring.bundle import Bundle
from detector.sessions.files import Recording
from detector.sessions.operating import running_flags
from detector.training.apart import longest_run, set_apart
from detector.training.data.dataset import Dataset
from detector.training.fitting.plan import TrainOptions
from detector.training.lab.cases import Case
from detector.training.lab.evaluate import (
    APART_S,
    FAMILIES,
    LASTS_S,
    MARGIN_S,
    Injection,
    inject_faults,
)
from detector.training.train import train
from detector.training.trial import (
    SEVERITIES,
    Bench,
    Tell,
    Trial,
    best_of,
    train_and_try,
    try_bundle,
    verdicts,
)

MOST_SEEDS = 2  # times that every family and severity has its place in the lab
MOST_SAMPLES = 1_000_000  # in all cases of the lab together, so that it takes seconds
SETTLED = 2  # windows of running before a machine is judged

Kind = Literal["any", "own", "base"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may be tried.

    Attributes:
        base: To begin a model of its own from; None: only from scratch.
        shipped: To commission the machine on as it is; None: no such model.
        kind: A model of its own alone, the shipped one alone, or any.
        only_from_base: Try no model of its own but that begun from the base.
        seed: Of everything left to chance.
    """

    base: Bundle | None = None
    shipped: Bundle | None = None
    kind: Kind = "any"
    only_from_base: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model and how it came to be chosen.

    Attributes:
        bundle: Trained on everything, or the shipped one.
        own: What the machine is commissioned with on the shipped one; None: it has its own model.
        bench: What was tried on.
        trials: The candidates that could be tried.
        chosen: The best of them.
        refused: Why a candidate could not be tried, by name.
        window: Why it is as long as it is.
        seen: What the candidate saw of the lab's faults; empty where the lab had no room.
    """

    bundle: Bundle
    own: Own | None
    bench: Bench
    trials: tuple[Trial, ...]
    chosen: Trial
    refused: dict[str, str]
    window: str
    seen: tuple[Seen, ...]


def learn_model(normal: Normal, name: str, wanted: Wanted, tell: Tell) -> Learnt:
    """Try the candidates and take the best of them; the same seed gives the same bytes.

    Args:
        normal: What to learn from.
        name: Of the bundle, and of the machine in messages.
        wanted: What may be tried.
        tell: Told what is done.

    Raises:
        AdoptError: If the sessions are too short for any window.
        CommissionError: If there is too little running to be commissioned in.
        TrainingError: If no candidate can be tried.
    """
    dataset = in_order_of(normal.dataset, wanted.base)
    learn, apart = set_apart(dataset)
    options, why = _options(dataset, learn, normal.units, wanted)
    lab = list(parts_of(normal, apart))
    windows = [one.window for one in options.values()]
    if wanted.shipped is not None:
        windows.append(wanted.shipped.card().window)
    bench = Bench(tuple(lab), tuple(_cases(lab, dataset, max(windows), wanted.seed)), wanted.seed)
    trials, refused = _tried(normal, learn, options, bench, wanted, tell)
    if not trials:
        raise TrainingError("; ".join(dict.fromkeys(refused.values())))
    best = best_of(trials)
    tell(f"learning {best.name}", len(trials), len(trials) + 1)
    bundle, own = _last(normal, dataset, best, name)
    seen = sight_of(bench.cases, list(verdicts(best, bench)))
    return Learnt(bundle, own, bench, tuple(trials), best, refused, why, seen)


def _options(
    dataset: Dataset, learn: Dataset, units: dict[str, str], wanted: Wanted
) -> tuple[dict[str, TrainOptions], str]:
    """Those of the models of its own, and why their window is as long as it is."""
    shipped = wanted.shipped
    if wanted.kind == "base":
        if shipped is None:
            raise TrainingError("--base: no shipped model fits the machine, allowed: --own")
        return {}, f"{shipped.document.window} of {shipped.name}"
    options, why = candidates(dataset, learn, wanted.base, units, wanted.seed)
    if wanted.only_from_base and wanted.base is not None:
        label = f"from {wanted.base.name}"
        options = {name: one for name, one in options.items() if name == label}
        if not options:
            raise TrainingError(f"--from: {wanted.base.name} needs longer sessions than these")
    return options, why


def _tried(
    normal: Normal,
    learn: Dataset,
    options: dict[str, TrainOptions],
    bench: Bench,
    wanted: Wanted,
    tell: Tell,
) -> tuple[list[Trial], dict[str, str]]:
    """The shipped model first: of several that are alike it rests on more hours."""
    trials, refused = [], {}
    shipped = wanted.shipped if wanted.kind != "own" else None
    labels = [*([] if shipped is None else [f"{shipped.name} commissioned"]), *options]
    for number, label in enumerate(labels):
        tell(f"trying {label}", number, len(labels) + 1)
        try:
            if label in options:
                trials.append(train_and_try(label, options[label], learn, bench))
            elif shipped is not None:
                own = _own(shipped, list(parts_of(normal, learn.sessions)))
                trials.append(try_bundle(label, shipped, bench, own=own))
        except FaultlineError as error:
            refused[label] = str(error)
    return trials, refused


def _own(shipped: Bundle, recordings: Sequence[Recording]) -> Own:
    """The machine's own normal on top of a shipped model.

    Raises:
        CommissionError: If something speaks against it.
    """
    learnt = own_of_normal(shipped, recordings, "its running")
    if learnt.doubts:
        raise CommissionError("; ".join(learnt.doubts))
    return learnt.own


def _last(normal: Normal, dataset: Dataset, best: Trial, name: str) -> tuple[Bundle, Own | None]:
    """The best candidate learnt from everything."""
    if best.options is not None:
        return train(dataset, best.options, name), None
    return best.bundle, _own(best.bundle, list(parts_of(normal, dataset.sessions)))


def _cases(lab: Sequence[Recording], dataset: Dataset, window: int, seed: int) -> list[Case]:
    """Faults in what no candidate has seen; none where it never runs long enough for one."""
    period_s = dataset.sampling_period_s
    before_s = max(MARGIN_S, (SETTLED * window + 1) * period_s)
    run_s = max(longest_run(_running(one, dataset)) for one in lab) * period_s
    lasts_s, apart_s = _durations(run_s - before_s - MARGIN_S)
    samples = sum(len(one.samples) for one in lab) / len(lab)
    per_seed = len(FAMILIES) * len(SEVERITIES) * samples
    seeds = int(np.clip(MOST_SAMPLES // per_seed, 1, MOST_SEEDS))
    injection = Injection(
        severities=SEVERITIES,
        seeds=tuple(range(seed, seed + seeds)),
        features=dataset.features,
        running=dataset.signal,
        lasts_s=lasts_s,
        apart_s=apart_s,
        before_s=before_s,
    )
    try:
        return list(inject_faults(lab, injection))
    except TrainingError:  # no room for any
        return []


def _durations(room_s: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """How long faults last and how far they are apart, where there is less room than usual."""
    share = min(room_s / (LASTS_S[1] + APART_S[1]), 1.0)
    if share <= 0:
        return LASTS_S, APART_S
    return (
        (LASTS_S[0] * share, LASTS_S[1] * share),
        (APART_S[0] * share, APART_S[1] * share),
    )


def _running(recording: Recording, dataset: Dataset) -> Flags:
    samples = recording.samples
    return running_flags(samples.values, samples.features, dataset.signal)
