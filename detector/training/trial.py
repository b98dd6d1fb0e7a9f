"""Candidates on what none was trained on: how small a fault each finds at the same false alarms.

Faults of small severities are put into sessions set apart from training. Each candidate's limit is
the largest score that it gives these sessions as they were, so that all of them raise no false
alarm there; what they find at that limit is compared. A loss would say how well a candidate
rebuilds, which is something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.alarms.lifecycle import rule_of
from detector.errors import TrainingError
from detector.normal.level import Own
from detector.scoring.bundle import Bundle
from detector.sessions.files import Recording
from detector.text import counted, span
from detector.training.data.dataset import Dataset
from detector.training.fitting.plan import TrainOptions
from detector.training.lab.cases import Case
from detector.training.lab.judging import AT_ONCE, Scores, judge, scores_in
from detector.training.lab.limits import Curve, curve_of
from detector.training.lab.metrics import LabelledScores
from detector.training.lab.trials import trials_of
from detector.training.train import train

SEVERITIES = (0.05, 0.1, 0.25, 0.5, 1.0)
ALIKE = 1.1  # times the smallest limit; a few faults tell no more apart
RARE = 0.005  # of normal scores above 1, that a model may have and still be taken

Tell = Callable[[str, int, int], None]  # what is done now, its number, of how many


@dataclass(frozen=True, slots=True)
class Bench:
    """What every candidate is tried on.

    Attributes:
        normal: Sessions that no candidate is trained on, at least one.
        cases: The same with faults put in; empty where none finds room.
        seed: Of the limits' intervals.
    """

    normal: tuple[Recording, ...]
    cases: tuple[Case, ...]
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate and what it said.

    Attributes:
        name: Of the candidate.
        bundle: What was tried.
        options: It was trained with; None: it was there before.
        own: The machine's own normal that it was tried with; None: none.
        above: Share of the normal scores that lie above 1, its own threshold.
        normal_s: Seconds of normal running that were scored.
        curve: Faults found at the limit that the normal scores give, of all families together;
            None where there was none to find.
    """

    name: str
    bundle: Bundle
    options: TrainOptions | None
    own: Own | None
    above: float
    normal_s: float
    curve: Curve | None

    @property
    def found(self) -> int:
        """Faults found."""
        return 0 if self.curve is None else sum(step.found for step in self.curve.steps)


def train_and_try(name: str, options: TrainOptions, learn: Dataset, bench: Bench) -> Trial:
    """Train a candidate without the bench's sessions and try it on them.

    Raises:
        TrainingError: If it cannot be trained on these sessions.
    """
    # A candidate's checkpoints would stand in the way of those of the last training.
    alone = replace(options, recipe=replace(options.recipe, checkpoints=None))
    bundle = train(learn, alone, name, has_rows_beside=False)
    return try_bundle(name, bundle, bench, options=options)


def try_bundle(
    name: str,
    bundle: Bundle,
    bench: Bench,
    *,
    options: TrainOptions | None = None,
    own: Own | None = None,
) -> Trial:
    """Try a model.

    Raises:
        SessionFileError: If a session does not fit it.
        TrainingError: If it judges nothing of the normal sessions.
    """
    normal = [_judged(scores_in(bundle, one, own)) for one in bench.normal]
    known = np.concatenate(normal)
    if not len(known):
        raise TrainingError(f"{name}: judges nothing of the sessions kept for the fault lab")
    rule, limit = rule_of(AT_ONCE, bundle.card()), float(known.max())
    found = []
    for case in bench.cases:
        scores = scores_in(bundle, case.recording, own)
        at_limit = replace(scores, score=scores.score / limit if limit > 0 else scores.score)
        found += trials_of(case, judge(case, at_limit, rule))
    return Trial(
        name=name, bundle=bundle, options=options, own=own, above=float((known > 1.0).mean()),
        normal_s=len(known) * bundle.document.sampling_period_s,
        curve=curve_of(found, bench.seed) if found else None,
    )  # fmt: skip


def verdicts(trial: Trial, bench: Bench) -> Iterator[LabelledScores]:
    """What a model says of each case by its own threshold."""
    rule = rule_of(AT_ONCE, trial.bundle.card())
    for case in bench.cases:
        yield judge(case, scores_in(trial.bundle, case.recording, trial.own), rule)


def best_of(trials: Sequence[Trial]) -> Trial:
    """The smallest limit of those without false alarms; the first of several that are alike.

    Where all have some, those with the fewest are compared.
    """
    fewest = max(min(trial.above for trial in trials), RARE)
    near = [trial for trial in trials if trial.above <= fewest]
    for level in ("s50", "s90"):
        smallest = min(_at(trial, level) for trial in near)
        near = [trial for trial in near if _at(trial, level) <= ALIKE * smallest]
    return near[0]


def why_before(best: Trial, other: Trial) -> str:
    """Why one was taken and not another, in a line."""
    if best.curve is None or other.curve is None:
        return f"with no faults to compare it by with {other.name}"
    if other.above > max(best.above, RARE):
        return f"since {other.above:.1%} of the normal scores of {other.name} lie above 1"
    shown = [f"{one.curve.told(one.curve.s50.at)}" for one in (best, other) if one.curve]
    if _at(other, "s50") <= ALIKE * _at(best, "s50"):
        return f"about as good as {other.name} (half of the faults found at {' and '.join(shown)})"
    return f"which finds half of the faults at {shown[0]}, {other.name} at {shown[1]}"


def table(trials: Sequence[Trial], bench: Bench) -> list[str]:
    """What was found, a line each below a head."""
    hours = span(trials[0].normal_s)
    rows = [("candidate", "found", "s50", "95 %", "s90", "normal above 1"), *map(_cells, trials)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return [
        f"candidates on {counted(len(bench.cases), 'session')} with injected faults, at the limit "
        f"that {hours} of normal running which none was trained on give:",
        *(f"  {line.rstrip()}" for line in lines),
    ]


def _judged(scores: Scores) -> np.ndarray:
    """The scores that count, shape (k,)."""
    return np.asarray(scores.score[scores.judged & np.isfinite(scores.score)])


def _at(trial: Trial, level: str) -> float:
    return 0.0 if trial.curve is None else getattr(trial.curve, level).at


def _cells(trial: Trial) -> tuple[str, ...]:
    above = f"{trial.above:.1%}"
    if trial.curve is None:
        return (trial.name, "-", "-", "-", "-", above)
    s50, s90 = trial.curve.s50, trial.curve.s90
    told = trial.curve.told
    return (trial.name, f"{trial.found} of {trial.curve.cases}", told(s50.at),
            f"{told(s50.low)} to {told(s50.high)}", told(s90.at), above)  # fmt: skip
