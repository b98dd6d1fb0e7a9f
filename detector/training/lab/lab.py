"""The fault lab's measurement: every model and floor row on every case, per family and in total."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.scoring.bundle import Bundle
from detector.tasks.contract import Executor, Task
from detector.tasks.in_process import HERE
from detector.training.lab.cases import Case, FaultEvent
from detector.training.lab.commissioned import NOT_COMMISSIONED
from detector.training.lab.judging import Scores, judge, only
from detector.training.lab.metrics import Evaluation, LabelledScores, evaluate
from detector.training.lab.panel import Heard, Panel, hear, panel_of

ALL = "all"
RECOVERY_S = 60.0  # after a label's end; a machine, and the filter in front of it, need time
RANDOM_SHARE = 0.05  # of windows that random scores put above the threshold
KEPT = 20_000  # scores kept of each kind for the histogram


class Bar(Protocol):
    """What of a progress bar is used."""

    def update(self, n: int) -> object:
        """``n`` more are done."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        model: Name of the bundle.
        row: The bundle's name, a floor row or a part left out.
        family: Of faults, or ``all``.
        severity: Of faults; None: all of them.
        found: The figures.
    """

    model: str
    row: str
    family: str
    severity: float | None
    found: Evaluation


@dataclass(frozen=True, slots=True)
class Histogram:
    """Scores of normal and faulty samples of one model, a sample of each."""

    model: str
    normal: npt.NDArray[np.float64]
    faulty: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lab:
    """What was measured.

    Attributes:
        rows: In order: for each model its own, then floor rows and ablations; each in total,
            per family, and of the model itself per family and severity.
        histograms: One per model.
        cases: Sessions.
        seed: Of the random row.
    """

    rows: tuple[Row, ...]
    histograms: tuple[Histogram, ...]
    cases: int
    seed: int


def measure(
    cases: Sequence[Case],
    bundles: Sequence[Bundle],
    *,
    ablate: bool,
    seed: int,
    progress: Callable[[int, str], AbstractContextManager[Bar]],
    commission_min: float | None = None,
    executor: Executor = HERE,
) -> Lab:
    """Judge cases with models and what is beside them.

    Args:
        cases: At least one.
        bundles: At least one.
        ablate: Whether each part is left out in turn.
        seed: Of the random row.
        progress: Makes a bar for a number of sessions under a name.
        commission_min: Minutes of its own running that each session's machine is commissioned
            in; None: it is not.
        executor: Who judges, a case by a model and what is beside it at a time.

    Raises:
        CommissionError: If a session is too short to be commissioned in, or a model cannot be.
        SessionFileError: If a session does not fit a model.
        TaskError: If a process that judges ends again and again.
        TrainingError: If there is no case.
    """
    if not cases:
        raise TrainingError("fault lab: no session to judge, allowed: at least 1")
    panels = [panel_of(one, ablate=ablate, commission_min=commission_min) for one in bundles]
    results = executor.results(_tasks(executor, panels, cases))
    rows: list[Row] = []
    histograms = []
    for panel in panels:
        heard: list[Heard] = []
        with progress(len(cases), panel.name) as bar:
            for one in islice(results, len(cases)):
                heard.append(one)
                bar.update(1)
        by_row = _by_row(panel, cases, heard, seed)
        for number, (name, judged) in enumerate(by_row):
            by_severity = number == 0 or name == NOT_COMMISSIONED
            rows += _rows_of(panel.name, name, cases, judged, by_severity=by_severity)
        histograms.append(_histogram(panel.name, by_row[0][1]))
    return Lab(tuple(rows), tuple(histograms), len(cases), seed)


def _tasks(executor: Executor, panels: Sequence[Panel], cases: Sequence[Case]) -> Iterator[Task]:
    """Model after model; a session travels once, however many judge it."""
    kept = [executor.keep(case) for case in cases]
    for panel in panels:
        model = executor.keep(panel)
        for case, recorded in zip(cases, kept, strict=True):
            yield Task(f"{panel.name} on {case.name}", hear, (model, recorded))


def _by_row(
    panel: Panel, cases: Sequence[Case], heard: Sequence[Heard], seed: int
) -> list[tuple[str, list[LabelledScores]]]:
    """What each row says of the cases: the model's own, those beside it, those that are blind."""
    told = zip(*(one.verdicts for one in heard), strict=True)
    rows = [(row[0][0], [judged for _, judged in row]) for row in told]
    for name, blank in _blind([one.own for one in heard], seed).items():
        pairs = zip(cases, blank, strict=True)
        rows.append((name, [judge(case, scores, panel.rule) for case, scores in pairs]))
    return rows


def blind(own: Scores, rng: np.random.Generator) -> dict[str, Scores]:
    """Rows that look at nothing, where the model looks: random scores, and everything anomalous.

    Args:
        own: What the model says of a session.
        rng: Of the random row.
    """
    n = len(own.ts)
    between = own.judged & np.isnan(own.score)
    random = np.where(between, np.nan, rng.random(n) / (1.0 - RANDOM_SHARE))
    return {
        "random": replace(own, score=random),
        "everything": replace(own, score=np.where(between, np.nan, 2.0)),
    }


def _blind(own: Sequence[Scores], seed: int) -> dict[str, list[Scores]]:
    rng = np.random.default_rng(seed)
    rows = [blind(scores, rng) for scores in own]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _rows_of(
    model: str,
    row: str,
    cases: Sequence[Case],
    judged: Sequence[LabelledScores],
    *,
    by_severity: bool = False,
) -> list[Row]:
    rows = [Row(model, row, ALL, None, evaluate(judged, RECOVERY_S))]
    events = [event for case in cases for event in case.events]
    families = sorted({event.family for event in events})
    asked: list[tuple[str, float | None]] = [(family, None) for family in families]
    if by_severity:
        known = {(e.family, e.severity) for e in events if e.severity is not None}
        asked += sorted(known)
        asked += [(ALL, severity) for severity in sorted({severity for _, severity in known})]
    return rows + [
        Row(model, row, family, severity, _of(cases, judged, family, severity))
        for family, severity in asked
    ]


def _of(
    cases: Sequence[Case],
    judged: Sequence[LabelledScores],
    family: str,
    severity: float | None,
) -> Evaluation:
    """Figures of some faults, in the sessions that have them."""

    def is_chosen(event: FaultEvent) -> bool:
        return family in {ALL, event.family} and severity in {None, event.severity}

    kept = [
        only(one, case.events, [is_chosen(event) for event in case.events])
        for case, one in zip(cases, judged, strict=True)
        if any(is_chosen(event) for event in case.events)
    ]
    return evaluate(kept, RECOVERY_S)


def _histogram(model: str, judged: Sequence[LabelledScores]) -> Histogram:
    normal = np.concatenate([one.score[one.seen & ~one.label] for one in judged])
    faulty = np.concatenate([one.score[one.seen & one.label] for one in judged])
    return Histogram(model, _thinned(normal), _thinned(faulty))


def _thinned(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    return scores[:: max(len(scores) // KEPT, 1)].astype(np.float64)
