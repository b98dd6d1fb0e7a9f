"""What other thresholds and delays would have meant over a stored time, beside what was raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detector.alarms.lifecycle import AlarmRule, rule_of
from detector.alarms.memory import levels
from detector.alarms.replaying.replay import LEFT_OUT, Levels, Span, TooBusyError, replay
from detector.records import Alarm, ModelCard, Times
from detector.settings.alarms import AlarmSettings
from detector.store.archive.scores import Scores

SAMPLES, SECONDS = "samples", "seconds"  # what was replayed: every window, or the highest of each
POINTS = 600  # of the picture


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is tried.

    Attributes:
        threshold: Of the score, > 0.
        rule: Delays and the rest of the alarm rule.
    """

    threshold: float
    rule: AlarmSettings


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm that would have been.

    Attributes:
        start: Sample time of the first anomaly.
        end: When it clears; None: it is active at the end.
        peak: Largest score meanwhile.
        verdict: Of the recorded alarms of its time, ``real`` before ``false`` before ``known``;
            None: there is none with a word.
    """

    start: float
    end: float | None
    peak: float
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tuning would have meant.

    Attributes:
        basis: ``samples`` or ``seconds``, whose highest scores were taken.
        raised: The alarms.
        active_s: Seconds that they last together.
        missed: Ids of recorded alarms marked real that no alarm would cover.
        by_verdict: Alarms by what was said of the recorded ones of their time; ``none`` too.
    """

    basis: str
    raised: tuple[Raised, ...]
    active_s: float
    missed: tuple[int, ...]
    by_verdict: dict[str, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """Highest judged score in steps.

    Attributes:
        start: Of the first step, UTC seconds.
        step_s: Seconds.
        score: One per step; None: none was judged.
    """

    start: float
    step_s: float
    score: tuple[float | None, ...]


def outcome(
    scores: Scores, card: ModelCard, tuning: Tuning, recorded: Sequence[Alarm], basis: str
) -> Outcome:
    """Replay the scores with a tuning.

    Args:
        scores: In order of time; of ``seconds``, one a second.
        card: Of the model that judges the device now.
        tuning: What is tried.
        recorded: Alarms of the score of that time.
        basis: ``samples`` or ``seconds``.

    Raises:
        TooBusyError: If the samples cross the threshold too often; try ``seconds``.
    """
    rule = rule_of(tuning.rule, card)
    rule = in_seconds(rule, card) if basis == SECONDS else rule
    ts, found = windows_of(scores, card, tuning)
    spans = replay(rule, ts, found)
    end = float(scores.ts[-1]) if len(scores.ts) else 0.0
    raised = tuple(_raised(scores, span, recorded) for span in spans)
    missed = [one for one in recorded if one.verdict == "real"
              and not any(_overlap(one, span.start, span.end) for span in spans)]  # fmt: skip
    return Outcome(
        basis, raised,
        active_s=sum((end if one.end is None else one.end) - one.start for one in raised),
        missed=tuple(one.id or 0 for one in missed),
        by_verdict=dict(Counter(one.verdict or "none" for one in raised)),
    )  # fmt: skip


def best_outcome(
    samples: Scores | None,
    seconds: Callable[[], Scores],
    card: ModelCard,
    tuning: Tuning,
    recorded: Sequence[Alarm],
) -> Outcome:
    """From every window where that is possible, else from the highest score of each second."""
    if samples is not None:
        try:
            return outcome(samples, card, tuning, recorded, SAMPLES)
        except TooBusyError:
            pass
    return outcome(seconds(), card, tuning, recorded, SECONDS)


def windows_of(scores: Scores, card: ModelCard, tuning: Tuning) -> tuple[Times, Levels]:
    """Times and levels; behind a front end only samples that have a score are windows."""
    found = levels(scores.score, scores.judged, tuning.threshold, tuning.rule.deadband)
    has_score = np.isfinite(scores.score)
    if card.hop > 1:
        return scores.ts[has_score], found[has_score]
    found[scores.judged & ~has_score] = LEFT_OUT
    return scores.ts, found


def in_seconds(rule: AlarmRule, card: ModelCard) -> AlarmRule:
    """The same rule over seconds: no stricter, so that it raises no fewer alarms."""
    every_s = card.sampling_period_s * card.hop
    return AlarmRule(
        k=max(1, int(rule.k * every_s)), n=max(1, round(rule.n * every_s)),
        m=max(1, round(rule.m * every_s)), on_delay_s=rule.on_delay_s, stop_s=rule.stop_s,
        start_up_s=rule.start_up_s,
    )  # fmt: skip


def picture(scores: Scores, start: float, end: float, points: int = POINTS) -> Picture:
    """The highest judged score of each of so many steps."""
    step_s = (end - start) / points
    is_there = scores.judged & np.isfinite(scores.score)
    place = ((scores.ts[is_there] - start) / step_s).astype(np.int64).clip(0, points - 1)
    highest = np.full(points, -np.inf)
    np.maximum.at(highest, place, scores.score[is_there])
    return Picture(
        start, step_s, tuple(round(v, 4) if v > -np.inf else None for v in highest.tolist())
    )


def _raised(scores: Scores, span: Span, recorded: Sequence[Alarm]) -> Raised:
    first = int(scores.ts.searchsorted(span.start))
    last = len(scores.ts) if span.end is None else int(scores.ts.searchsorted(span.end))
    part = slice(first, max(last, first + 1))
    judged = scores.score[part][scores.judged[part]]
    said = {one.verdict for one in recorded if _overlap(one, span.start, span.end)}
    verdict = next((word for word in ("real", "false", "known") if word in said), None)
    return Raised(span.start, span.end, round(float(np.nanmax(judged)), 4), verdict)


def _overlap(alarm: Alarm, start: float, end: float | None) -> bool:
    begins_before = end is None or alarm.start <= end
    return begins_before and (alarm.end is None or alarm.end >= start)
