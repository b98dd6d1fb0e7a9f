"""A model for one machine: candidates tried in the fault lab, the best trained on everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detector.adopting.machine.candidates import candidates, in_order_of
from detector.adopting.machine.normal import Normal
from detector.adopting.machine.sight import Seen, sight_of
from detector.errors import TrainingError
from detector.records import Flags
from detector.scoring.bundle import Bundle
from detector.sessions.files import Recording
from detector.sessions.operating import running_flags
from detector.training.data.dataset import Dataset
from detector.training.lab.cases import Case
from detector.training.lab.evaluate import (
    APART_S,
    FAMILIES,
    LASTS_S,
    MARGIN_S,
    Injection,
    inject_faults,
)
from detector.training.select import SEVERITIES, Trial, best_of, longest_run, set_apart, try_out
from detector.training.train import train

ALIKE = 0.01  # of average precision
MOST_SEEDS = 3  # times that every family and severity has its place in the lab
MOST_SAMPLES = 1_000_000  # in all cases of the lab together, so that it takes seconds
SETTLED = 2  # windows of running before a machine is judged

Tell = Callable[[str, int, int], None]  # what is done now, its number, of how many


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model and how it came to be chosen.

    Attributes:
        bundle: Trained on everything.
        chosen: Name of the best candidate.
        compared: Average precision by candidate; empty where the lab had no room.
        refused: Why a candidate could not be tried, by name.
        window: Why it is as long as it is.
        seen: What the candidate saw of the lab's faults; empty where the lab had no room.
        cases: Sessions of the lab.
    """

    bundle: Bundle
    chosen: str
    compared: dict[str, float]
    refused: dict[str, str]
    window: str
    seen: tuple[Seen, ...]
    cases: int


def learn_model(
    normal: Normal, name: str, *, base: Bundle | None, is_forced: bool, seed: int, tell: Tell
) -> Learnt:
    """Try the candidates and train the best of them; the same seed gives the same bytes.

    Args:
        normal: What to learn from.
        name: Of the bundle.
        base: To begin from as well; None: only from scratch.
        is_forced: Try nothing but the base.
        seed: Of everything left to chance.
        tell: Told what is done.

    Raises:
        AdoptError: If the sessions are too short for any window.
        TrainingError: If no candidate can be trained.
    """
    dataset = in_order_of(normal.dataset, base)
    learn, lab = set_apart(dataset)
    options, why = candidates(dataset, learn, base, normal.units, seed)
    if is_forced and base is not None:
        options = {name: one for name, one in options.items() if name == f"from {base.name}"}
    if not options:
        raise TrainingError(f"--from: {base and base.name} needs longer sessions than these")
    steps, trials, refused = len(options) + 1, [], {}
    longest = max(one.window for one in options.values())
    cases = _cases(lab, dataset, longest, seed)
    for number, (label, one) in enumerate(options.items()):
        tell(f"trying {label}", number, steps)
        try:
            trials.append(try_out(label, one, learn, cases))
        except TrainingError as error:
            refused[label] = str(error)
    if not trials:
        raise TrainingError("; ".join(dict.fromkeys(refused.values())))
    best = _simplest(trials) if cases else trials[0]
    tell(f"training {best.name}", steps - 1, steps)
    return Learnt(
        bundle=train(dataset, best.options, name),
        chosen=best.name,
        compared={trial.name: trial.average_precision for trial in trials} if cases else {},
        refused=refused,
        window=why,
        seen=sight_of(cases, best.judged),
        cases=len(cases),
    )


def _simplest(trials: Sequence[Trial]) -> Trial:
    """The first of those that are about as good as the best; a few faults tell no more apart."""
    best = best_of(trials).average_precision
    return next(trial for trial in trials if trial.average_precision >= best - ALIKE)


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
    except TrainingError:
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
