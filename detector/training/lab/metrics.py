"""What a detector is worth on labelled sessions. Nothing is ever point-adjusted.

Point adjustment counts a whole fault as found once a single sample of it is flagged; random
scores reach an F1 of 0.96 with it. Here a sample counts for itself, and faults are counted apart.

*Samples in warm-up or outside the judged states* have said nothing, and count as what an operator
takes silence for: normal. A fault in them is missed, and in average precision they rank last.
Rates of false alarms go the other way: only judged normal time counts, or silence would make them
look rare.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from detector.errors import TrainingError
from detector.records import Flags, Times
from detector.sessions.segments import median_period
from detector.thresholds.methods import false_alarms_per_day_bound
from detector.training.lab.confusion import Counts, count


class Interval(NamedTuple):
    """From ``start`` to ``end``, both included, UTC seconds; ``end`` may be infinite."""

    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledScores:
    """One session with what a detector said of it.

    Attributes:
        name: For messages.
        ts: Shape (n,), increasing.
        score: Shape (n,), higher is more abnormal; NaN in warm-up.
        judged: Shape (n,), False where the machine is not in the states asked for.
        label: Shape (n,), True where there is a fault.
        anomaly: Shape (n,), what the detector flags.
        alarms: When alarms were raised (not when the first anomaly of them was) and cleared, by
            the alarm rule.
        faults: When faults began and ended; None takes the stretches of ``label``.
    """

    name: str
    ts: Times
    score: npt.NDArray[np.floating]
    judged: Flags
    label: Flags
    anomaly: Flags
    alarms: Sequence[Interval]
    faults: Sequence[Interval] | None = None

    def __post_init__(self) -> None:
        for field in ("score", "judged", "label", "anomaly"):
            if len(getattr(self, field)) != len(self.ts):
                raise TrainingError(
                    f"metrics: {self.name}: {field} has {len(getattr(self, field))} values, "
                    f"allowed: {len(self.ts)}, one per sample"
                )

    @property
    def seen(self) -> Flags:
        """Shape (n,), where the detector said something."""
        return np.asarray(self.judged & ~np.isnan(self.score))

    @property
    def flagged(self) -> Flags:
        """Shape (n,), where it said anomaly."""
        return np.asarray(self.anomaly & self.seen)

    @property
    def events(self) -> Sequence[Interval]:
        """The faults."""
        return stretches(self.ts, self.label) if self.faults is None else self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Pooled over sessions; None where there is nothing to divide by.

    Attributes:
        sessions: How many.
        samples: How many.
        judged_share: Of the samples, those the detector said something of.
        counts: Of samples.
        precision: Of flagged samples, those with a fault.
        recall: Of samples with a fault, those flagged.
        f1: Harmonic mean of the two.
        f2: The same with recall weighted twice; to be read beside the false alarms.
        average_precision: Over all thresholds.
        faults: How many.
        faults_found: Those during which an alarm was raised or active.
        event_recall: Their share.
        median_delay_s: From the start of a found fault to its alarm; 0 if it was active before.
        normal_hours: Of judged normal samples.
        false_alarms: Alarms raised while there was no fault.
        false_alarms_after: Those of them raised while a machine recovers.
        false_alarms_per_hour: Of normal hours.
        false_alarms_per_hour_bound: 95 % bound that those hours allow.
        false_share_before: Of judged normal samples before a fault or without one, those flagged.
        false_share_after: Of judged normal samples while a machine recovers, those flagged.
    """

    sessions: int
    samples: int
    judged_share: float | None
    counts: Counts
    precision: float | None
    recall: float | None
    f1: float | None
    f2: float | None
    average_precision: float | None
    faults: int
    faults_found: int
    event_recall: float | None
    median_delay_s: float | None
    normal_hours: float
    false_alarms: int
    false_alarms_after: int
    false_alarms_per_hour: float | None
    false_alarms_per_hour_bound: float | None
    false_share_before: float | None
    false_share_after: float | None

    def to_json(self) -> str:
        """One line of JSON, the same values in the same order."""
        return json.dumps(asdict(self), allow_nan=False)


def evaluate(sessions: Sequence[LabelledScores], recovery_s: float = inf) -> Evaluation:
    """Measure a detector on labelled sessions, pooled.

    Args:
        sessions: At least one.
        recovery_s: How long after the end of a label a machine recovers; without a limit all
            that follows the first fault of a session is *after*, the rest *before*.

    Raises:
        TrainingError: If there is no session.
    """
    if not sessions:
        raise TrainingError("metrics: no session to evaluate, allowed: at least 1")
    label = np.concatenate([session.label for session in sessions])
    seen = np.concatenate([session.seen for session in sessions])
    flagged = np.concatenate([session.flagged for session in sessions])
    after = np.concatenate([recovers(s.ts, s.events, recovery_s) for s in sessions])
    quiet = seen & ~label
    counts = count(flagged, label)
    delays = [delay for session in sessions for delay in delays_of(session)]
    found = [delay for delay in delays if delay is not None]
    false = np.concatenate([_false_alarms(session, recovery_s) for session in sessions])
    hours = sum(_normal_hours(session) for session in sessions)
    bound = false_alarms_per_day_bound(len(false), hours) / 24 if hours else None
    return Evaluation(
        sessions=len(sessions),
        samples=len(label),
        judged_share=_share(seen, np.ones_like(seen)),
        counts=counts,
        precision=counts.precision,
        recall=counts.recall,
        f1=counts.f1,
        f2=counts.f2,
        average_precision=_average_precision(sessions, label, seen),
        faults=len(delays),
        faults_found=len(found),
        event_recall=len(found) / len(delays) if delays else None,
        median_delay_s=float(np.median(found)) if found else None,
        normal_hours=hours,
        false_alarms=len(false),
        false_alarms_after=int(false.sum()),
        false_alarms_per_hour=len(false) / hours if hours else None,
        false_alarms_per_hour_bound=bound,
        false_share_before=_share(flagged, quiet & ~after),
        false_share_after=_share(flagged, quiet & after),
    )


def stretches(ts: Times, flags: Flags) -> list[Interval]:
    """Where flags hold without a break, from the first such sample to the last.

    Args:
        ts: Shape (n,).
        flags: Shape (n,).
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    pairs = list(pairwise(edges.tolist()))[::2]
    return [Interval(float(ts[first]), float(ts[end - 1])) for first, end in pairs]


def _average_precision(
    sessions: Sequence[LabelledScores], label: Flags, seen: Flags
) -> float | None:
    if not label.any():
        return None
    scores = np.concatenate([session.score.astype(np.float64) for session in sessions])
    # Only the order counts; what was not seen comes last, and ranks are finite for any score.
    ranks = np.unique(np.where(seen, scores, -inf), return_inverse=True)[1]
    return float(average_precision_score(label, ranks))


def delays_of(session: LabelledScores) -> list[float | None]:
    """Per fault, in their order, the seconds until an alarm; None where there was none."""
    delays: list[float | None] = []
    for fault in session.events:
        starts = [a.start for a in session.alarms if a.start <= fault.end and a.end >= fault.start]
        delays.append(max(min(starts) - fault.start, 0.0) if starts else None)
    return delays


def _false_alarms(session: LabelledScores, recovery_s: float) -> Flags:
    """Per alarm raised with no fault, whether the machine recovers then.

    An alarm that is up already when a fault begins was false all the same.
    """
    raised = [
        alarm.start
        for alarm in session.alarms
        if not any(fault.start <= alarm.start <= fault.end for fault in session.events)
    ]
    return recovers(np.array(raised, np.float64), session.events, recovery_s)


def recovers(ts: Times, faults: Sequence[Interval], recovery_s: float) -> Flags:
    """Shape (n,), which times lie at most ``recovery_s`` after the end of a fault."""
    flags = np.zeros(len(ts), np.bool_)
    for fault in faults:
        flags |= (ts > fault.end) & (ts <= fault.end + recovery_s)
    return flags


def _normal_hours(session: LabelledScores) -> float:
    quiet = int((session.seen & ~session.label).sum())
    return quiet * (median_period(session.ts) or 0.0) / 3600


def _share(flags: Flags, among: Flags) -> float | None:
    return float(flags[among].mean()) if among.any() else None
