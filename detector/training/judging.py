"""What a model says of a case: scores, and the alarms that operators would have seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.alarms.lifecycle import AlarmRule, AlarmState, advance
from detector.records import Flags, Frame, Times
from detector.training.cases import Case


@dataclass(frozen=True, slots=True)
class Verdict:
    """A case, judged; n samples.

    Attributes:
        case: What was judged.
        ts: Shape (n,).
        score: Shape (n,), 1.0 is the threshold; NaN where there is none.
        judged: Shape (n,), whether the machine was in the states asked for.
        alarm: Shape (n,), whether an alarm was active.
        raised: Times at which alarms were raised.
        period_s: Sampling period.
    """

    case: Case
    ts: Times
    score: npt.NDArray[np.float64]
    judged: Flags
    alarm: Flags
    raised: tuple[float, ...]
    period_s: float

    @property
    def hours(self) -> float:
        """Judged time."""
        return float((self.judged & np.isfinite(self.score)).sum() * self.period_s / 3600)


@dataclass(frozen=True, slots=True)
class Scores:
    """What is needed of a scored session; three arrays of shape (n,)."""

    ts: Times
    score: npt.NDArray[np.float64]
    judged: Flags


def scores_of(frames: list[Frame]) -> Scores:
    """Join the frames of one session."""
    return Scores(
        np.concatenate([frame.ts for frame in frames]),
        np.concatenate([frame.score for frame in frames]).astype(np.float64),
        np.concatenate([frame.judged for frame in frames]),
    )


def judge(case: Case, scores: Scores, rule: AlarmRule, period_s: float) -> Verdict:
    """Run the alarm rule over scores.

    Args:
        case: Where they come from; samples that were dropped as late have no score.
        scores: Of its samples.
        rule: How many windows raise and clear an alarm.
        period_s: Sampling period.
    """
    counted = scores.judged & np.isfinite(scores.score)
    windows = zip(scores.ts[counted].tolist(), (scores.score[counted] > 1.0).tolist(), strict=True)
    _, transitions = advance(rule, AlarmState(), windows)
    ts = case.recording.samples.ts
    raised = tuple(t.ts for t in transitions if t.kind == "raised")
    cleared = [t.ts for t in transitions if t.kind == "cleared"]
    alarm = np.zeros(len(ts), np.bool_)
    for begin, end in zip(raised, [*cleared, np.inf][: len(raised)], strict=True):
        alarm |= (ts >= begin) & (ts < end)
    return Verdict(case, ts, *_on_rows(ts, scores), alarm, raised, period_s)


def _on_rows(ts: Times, scores: Scores) -> tuple[npt.NDArray[np.float64], Flags]:
    """Scores and judged flags on the rows of the recording, missing where a sample was dropped."""
    if len(ts) == len(scores.ts) and np.array_equal(ts, scores.ts):
        return scores.score, scores.judged
    score, judged = np.full(len(ts), np.nan), np.zeros(len(ts), np.bool_)
    row_of = {t: row for row, t in reversed(list(enumerate(ts.tolist())))}
    rows = np.array([row_of[t] for t in scores.ts.tolist()], np.int64)
    score[rows], judged[rows] = scores.score, scores.judged
    return score, judged
