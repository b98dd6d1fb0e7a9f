"""``--network auto``: the candidates on one held-out part of the sessions, by the fault lab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.alarms.desk import rule_of
from detector.errors import TrainingError
from detector.records import Samples, Values
from detector.scoring.bundle import Bundle
from detector.scoring.files import score_recording
from detector.sessions.files import Recording
from detector.settings.alarms import AlarmSettings
from detector.training.data.dataset import Dataset, TrainingSession
from detector.training.fitting.network import full_config
from detector.training.fitting.plan import TrainOptions
from detector.training.lab.cases import Case
from detector.training.lab.evaluate import Injection, inject_faults
from detector.training.lab.judging import judge, scores_of
from detector.training.lab.metrics import evaluate
from detector.training.train import train

LAB_SHARE = 5  # one in so many sessions, or so much of a single one, is kept for the lab
SEVERITIES = (0.25, 0.5, 1.0)


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
    learn, lab = _apart(dataset)
    injection = Injection(
        severities=SEVERITIES,
        seeds=(options.seed,),
        features=dataset.features,
        running=dataset.signal,
    )
    cases = list(inject_faults(lab, injection))
    found: dict[str, float] = {}
    for name in candidates:
        # A candidate's checkpoints would stand in the way of those of the last training.
        alone = replace(options, recipe=replace(options.recipe, checkpoints=None))
        bundle = train(learn, _with_network(alone, name), name)
        found[name] = _average_precision(bundle, cases)
    best = max(found, key=found.__getitem__)
    lines = [f"  {name:20} average precision {value:.3f}" for name, value in found.items()]
    told = "\n".join([f"candidates on {len(cases)} sessions with injected faults:", *lines])
    return _with_network(options, best), f"{told}\nchosen: {best}"


def _with_network(options: TrainOptions, name: str) -> TrainOptions:
    return replace(options, recipe=replace(options.recipe, name=name, config={}))


def _average_precision(bundle: Bundle, cases: Sequence[Case]) -> float:
    rule = rule_of(AlarmSettings(), bundle.card())
    judged = [
        judge(case, scores_of(score_recording(bundle, case.recording)), rule) for case in cases
    ]
    return evaluate(judged).average_precision or 0.0


def _apart(dataset: Dataset) -> tuple[Dataset, list[Recording]]:
    """Training sessions, and those of the lab: the last ones, or the end of a single one."""
    sessions = list(dataset.sessions)
    if len(sessions) >= LAB_SHARE:
        kept = len(sessions) // LAB_SHARE
        learn, lab = sessions[:-kept], sessions[-kept:]
    else:
        cuts = [len(s.ts) * (LAB_SHARE - 1) // LAB_SHARE for s in sessions]
        learn = [_part(s, slice(0, cut)) for s, cut in zip(sessions, cuts, strict=True)]
        lab = [_part(s, slice(cut, None)) for s, cut in zip(sessions, cuts, strict=True)]
    if not learn or not lab:
        raise TrainingError("--network auto: no session to keep for the fault lab")
    return replace(dataset, sessions=tuple(learn)), [_recording(dataset, s) for s in lab]


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
        inside = signal.min if not np.isfinite(signal.max) else (signal.min + signal.max) / 2
        column = np.where(session.running, inside, min(signal.min - 1.0, 0.0))
        features = (*features, signal.feature)
        values = np.column_stack([values, column.astype(np.float32)])
    return Recording(session.name, Samples(features, session.ts, values), None)
