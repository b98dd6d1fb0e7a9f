"""``--network auto``: the candidates on one held-out part of the sessions, by the fault lab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.alarms.lifecycle import rule_of
from detector.errors import TrainingError
from detector.records import Flags, Samples, Values
from detector.scoring.bundle import Bundle
from detector.sessions.files import Recording
from detector.settings.alarms import AlarmSettings
from detector.training.data.dataset import Dataset, TrainingSession
from detector.training.data.front_ends import beside
from detector.training.fitting.network import full_config
from detector.training.fitting.plan import TrainOptions
from detector.training.lab.cases import Case
from detector.training.lab.evaluate import Injection, inject_faults
from detector.training.lab.judging import judge, scores_in
from detector.training.lab.metrics import LabelledScores, evaluate
from detector.training.train import train

LAB_SHARE = 5  # one in so many sessions, or so much of a single one, is kept for the lab
SEVERITIES = (0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate, trained without the lab's sessions and judged in them.

    Attributes:
        name: Of the candidate.
        options: It was trained with.
        bundle: What came of it.
        judged: Per case of the lab, what it said.
    """

    name: str
    options: TrainOptions
    bundle: Bundle
    judged: tuple[LabelledScores, ...]

    @property
    def average_precision(self) -> float:
        """On the injected faults, 0..1."""
        return evaluate(self.judged).average_precision or 0.0


def choose_network(
    dataset: Dataset, options: TrainOptions, candidates: Sequence[str]
) -> tuple[TrainOptions, str]:
    """Train each candidate without the lab's sessions and keep the best.

    The best has the highest average precision on injected sensor faults; labels of test data are
    never looked at.

    Args:
        dataset: Normal sessions.
        options: For all candidates.
        candidates: Names of networks and references.

    Returns:
        The options with the best candidate, and the comparison in a few lines.

    Raises:
        BundleError: If a candidate is unknown.
        TrainingError: If there is no candidate, or too little to keep anything for the lab.
    """
    if not candidates:
        raise TrainingError("--network auto: no candidate, allowed: at least 1")
    for name in candidates:
        full_config(name, {})
    learn, lab = set_apart(dataset)
    injection = Injection(
        severities=SEVERITIES,
        seeds=(options.seed,),
        features=tuple(f for f in dataset.features if f not in beside(options.front_end)),
        running=dataset.signal,
    )
    cases = list(inject_faults(lab, injection))
    trials = [try_out(name, with_network(options, name), learn, cases) for name in candidates]
    best = best_of(trials)
    return with_network(options, best.name), f"{told(trials, cases)}\nchosen: {best.name}"


def try_out(name: str, options: TrainOptions, learn: Dataset, cases: Sequence[Case]) -> Trial:
    """Train a candidate and let it judge the lab's cases.

    Raises:
        TrainingError: If it cannot be trained on these sessions.
    """
    # A candidate's checkpoints would stand in the way of those of the last training.
    alone = replace(options, recipe=replace(options.recipe, checkpoints=None))
    bundle = train(learn, alone, name, has_rows_beside=False)
    rule = rule_of(AlarmSettings(), bundle.card())
    judged = [judge(case, scores_in(bundle, case.recording), rule) for case in cases]
    return Trial(name, options, bundle, tuple(judged))


def best_of(trials: Sequence[Trial]) -> Trial:
    """The highest average precision; the first of several that are alike."""
    return max(trials, key=lambda trial: trial.average_precision)


def told(trials: Sequence[Trial], cases: Sequence[Case]) -> str:
    """The comparison, a line each."""
    lines = [f"  {one.name:20} average precision {one.average_precision:.3f}" for one in trials]
    return "\n".join([f"candidates on {len(cases)} sessions with injected faults:", *lines])


def with_network(options: TrainOptions, name: str) -> TrainOptions:
    """The same with a network or reference of its defaults."""
    return replace(options, recipe=replace(options.recipe, name=name, config={}))


def set_apart(dataset: Dataset) -> tuple[Dataset, list[Recording]]:
    """Training sessions, and those of the lab, which no candidate sees.

    The lab has the last sessions; of few ones the fifth of each in which it runs longest without
    a stop, the last of several that are alike.

    Raises:
        TrainingError: If nothing is left of one or the other.
    """
    sessions = list(dataset.sessions)
    if len(sessions) >= LAB_SHARE:
        kept = len(sessions) // LAB_SHARE
        learn, lab = sessions[:-kept], sessions[-kept:]
    else:
        parts = [_fifths(session) for session in sessions]
        chosen = [_steadiest(fifths) for fifths in parts]
        lab = [fifths[number] for fifths, number in zip(parts, chosen, strict=True)]
        learn = [
            part
            for session, number in zip(sessions, chosen, strict=True)
            for part in _without(session, number)
        ]
    if not learn or not lab:
        raise TrainingError("--network auto: no session to keep for the fault lab")
    return replace(dataset, sessions=tuple(learn)), [_recording(dataset, s) for s in lab]


def longest_run(flags: Flags) -> int:
    """Most flags in a row that hold.

    Args:
        flags: Shape (n,).
    """
    stops = np.flatnonzero(~np.concatenate([[False], flags, [False]]))
    return int(np.diff(stops).max()) - 1


def _bounds(session: TrainingSession) -> list[int]:
    return [len(session.ts) * fifth // LAB_SHARE for fifth in range(LAB_SHARE + 1)]


def _fifths(session: TrainingSession) -> list[TrainingSession]:
    edges = _bounds(session)
    return [_part(session, slice(*edges[i : i + 2])) for i in range(LAB_SHARE)]


def _steadiest(fifths: Sequence[TrainingSession]) -> int:
    """Number of the fifth with the longest run; nearly as long counts as well as longest."""
    runs = [longest_run(fifth.running) / max(len(fifth.running), 1) for fifth in fifths]
    near = [number for number, run in enumerate(runs) if run >= 0.99 * max(runs)]
    return near[-1]


def _without(session: TrainingSession, number: int) -> list[TrainingSession]:
    edges = _bounds(session)
    parts = [
        _part(session, slice(0, edges[number])),
        _part(session, slice(edges[number + 1], None)),
    ]
    return [part for part in parts if len(part.ts)]


def _part(session: TrainingSession, rows: slice) -> TrainingSession:
    return TrainingSession(
        session.name, session.ts[rows], session.values[rows], session.running[rows]
    )


def _recording(dataset: Dataset, session: TrainingSession) -> Recording:
    """A session as it would have been read, its running signal made up from the flags."""
    features: tuple[str, ...] = dataset.features
    values: Values = session.values
    signal = dataset.signal
    if signal is not None and signal.feature not in features:
        low, high = (signal.ranges or ((signal.min, signal.max),))[0]
        inside = (low + high) / 2 if np.isfinite(high) else low
        column = np.where(session.running, inside, min(signal.min - 1.0, 0.0))
        features = (*features, signal.feature)
        values = np.column_stack([values, column.astype(np.float32)])
    return Recording(session.name, Samples(features, session.ts, values), None)
