"""What a model says of a case: scores, and the alarms that operators would have seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import numpy.typing as npt

from detector.alarms.lifecycle import AlarmRule, AlarmState, advance
from detector.normal.level import Own
from detector.records import Flags, Frame, Times
from detector.scoring.bundle import Bundle
from detector.scoring.files import score_recording
from detector.sessions.files import Recording
from detector.settings.alarms import AlarmSettings
from detector.training.lab.cases import Case, FaultEvent
from detector.training.lab.metrics import Interval, LabelledScores

# A lab's faults are short and none of them is a burst: how long an operator waits for an alarm to
# be sure says nothing of a model.
AT_ONCE = AlarmSettings(on_delay_s=0.0)


@dataclass(frozen=True, slots=True)
class Scores:
    """What is needed of a scored session; three arrays of shape (n,).

    With a front end that keeps samples, those between two blocks are judged and have no score.
    One that keeps columns has fewer samples than the recording, each of which stands for
    ``held_s`` seconds.
    """

    ts: Times
    score: npt.NDArray[np.float64]
    judged: Flags
    held_s: float = 0.0


def scores_in(bundle: Bundle, recording: Recording, own: Own | None = None) -> Scores:
    """What a model says of a recording.

    Args:
        bundle: The model.
        recording: One session.
        own: The own normal of its machine; None: it is judged by the fleet's.

    Raises:
        SessionFileError: If it does not fit the model.
    """
    scores, front = scores_of(score_recording(bundle, recording, own=own)), bundle.front
    if front is None or front.keeps == "samples":
        return scores
    return replace(scores, held_s=bundle.document.sampling_period_s)


def scores_of(frames: list[Frame]) -> Scores:
    """Join the frames of one session."""
    return Scores(
        np.concatenate([frame.ts for frame in frames]),
        np.concatenate([frame.score for frame in frames]).astype(np.float64),
        np.concatenate([frame.judged for frame in frames]),
    )


def judge(case: Case, scores: Scores, rule: AlarmRule) -> LabelledScores:
    """Run the alarm rule over scores; a sample is flagged while an alarm is active.

    Args:
        case: Where they come from; samples that were dropped as late have no score.
        scores: Of its samples.
        rule: How many windows raise and clear an alarm.
    """
    counted = np.flatnonzero(scores.judged & np.isfinite(scores.score))
    above = scores.score[counted] > 1.0
    tell = telling(above, rule)
    windows = zip(scores.ts[counted[tell]].tolist(), above[tell].tolist(), strict=True)
    _, transitions = advance(rule, AlarmState(), windows)
    raised = [t.ts for t in transitions if t.kind == "raised"]
    cleared = [t.ts for t in transitions if t.kind == "cleared"]
    ends = [*cleared, np.inf][: len(raised)]
    alarms = [Interval(begin, end) for begin, end in zip(raised, ends, strict=True)]
    ts = case.recording.samples.ts
    active = np.zeros(len(ts), np.bool_)
    for alarm in alarms:
        active |= (ts >= alarm.start) & (ts < alarm.end)
    score, judged = _on_rows(ts, scores)
    return LabelledScores(
        name=case.name,
        ts=ts,
        score=score,
        judged=judged,
        label=case.label,
        anomaly=active,
        alarms=alarms,
        faults=[Interval(event.start, event.end) for event in case.events],
    )


def telling(above: Flags, rule: AlarmRule) -> Flags:
    """Which windows can change what the alarm rule says: most of a healthy machine cannot.

    Far from any that is above, no alarm is up, none is on its way, and the rule goes one by one.

    Args:
        above: Shape (n,), of the windows in order.
        rule: How many windows raise and clear an alarm.

    Returns:
        Shape (n,).
    """
    reach = rule.n + rule.m
    seen = np.concatenate([[0], np.cumsum(above)])
    at = np.arange(len(above))
    last = np.minimum(at + reach + 1, len(above))
    return np.asarray(seen[last] > seen[np.maximum(at - reach, 0)])


def only(
    judged: LabelledScores, events: Sequence[FaultEvent], kept: Sequence[bool]
) -> LabelledScores:
    """The same session as if only some of its faults had been asked about.

    Samples of the others are taken out of the judged ones, with the alarms raised in them: an alarm
    that outlasts the fault which raised it says nothing false of this one. One that still stands
    when a fault begins that counts has found it at once.

    Args:
        judged: The session.
        events: Its faults.
        kept: Which of them count.
    """
    own, others = np.zeros((2, len(judged.ts)), np.bool_)
    foreign: list[Interval] = []
    faults: list[Interval] = []
    for event, is_kept in zip(events, kept, strict=True):
        inside = (judged.ts >= event.start) & (judged.ts <= event.end) & judged.label
        (own if is_kept else others)[inside] = True
        (faults if is_kept else foreign).append(Interval(event.start, event.end))
    alarms: list[Interval] = []
    for alarm in judged.alarms:
        since = alarm.start
        if any(fault.start <= alarm.start <= fault.end for fault in foreign):
            since = min((f.start for f in faults if alarm.start < f.start < alarm.end), default=inf)
            until = min(since, alarm.end)
            others |= (judged.ts >= alarm.start) & (judged.ts < until) & ~own
        if since < alarm.end:
            alarms.append(Interval(since, alarm.end))
    return replace(judged, label=own, judged=judged.judged & ~others, alarms=alarms, faults=faults)


def _on_rows(ts: Times, scores: Scores) -> tuple[npt.NDArray[np.float64], Flags]:
    """Scores and judged flags on the rows of the recording, missing where a sample was dropped.

    What was said of a block stands until the next.
    """
    if scores.held_s:
        return _held(ts, scores)
    if len(ts) == len(scores.ts) and np.array_equal(ts, scores.ts):
        return _between(scores.score, scores.judged), scores.judged
    score, judged = np.full(len(ts), np.nan), np.zeros(len(ts), np.bool_)
    row_of = {t: row for row, t in reversed(list(enumerate(ts.tolist())))}
    rows = np.array([row_of[t] for t in scores.ts.tolist()], np.int64)
    score[rows], judged[rows] = _between(scores.score, scores.judged), scores.judged
    return score, judged


def _between(score: npt.NDArray[np.float64], judged: Flags) -> npt.NDArray[np.float64]:
    """Judged samples without a score take the newest one."""
    known = np.isfinite(score)
    newest = np.maximum.accumulate(np.where(known, np.arange(len(score)), -1))
    return np.where(judged & ~known & (newest >= 0), score[newest], score)


def _held(ts: Times, scores: Scores) -> tuple[npt.NDArray[np.float64], Flags]:
    newest = np.searchsorted(scores.ts, ts, side="right") - 1
    age = ts - scores.ts[np.maximum(newest, 0)]
    counts = (newest >= 0) & (age < scores.held_s)
    score = np.where(counts, scores.score[newest], np.nan)
    return score, np.asarray(scores.judged[newest] & counts)
