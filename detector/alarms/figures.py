"""How many alarms there are and what becomes of them, as EEMUA 191 and ISA-18.2 count.

An alarm counts when somebody was told of it: not those of provisional models, nor those that were
shelved, in maintenance or out of service all their life.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.alarms.requests import VERDICTS
from detector.records import Alarm

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
CHATTER = 3  # alarms of one kind of a device within a minute
FLOOD_S, FLOOD_FROM, FLOOD_TO = 600.0, 10, 5  # it begins above ten in ten minutes, ends below five
TOP = 10


@dataclass(frozen=True, slots=True)
class Point:
    """One kind of alarm of one device, and how many there were."""

    device: str
    kind: str
    alarms: int
    share: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a stretch of time.

    Attributes:
        start: Of the stretch, UTC seconds.
        hours: Its length.
        operators: Who answer alarms.
        alarms: That they were told.
        per_operator_hour: Of these; None where the stretch has no length.
        top: The kinds with the most.
        chattering: Those with three within a minute at least once.
        stale: Ids of alarms that have been active for more than a day.
        flood_hours: Time from more than ten in ten minutes until there are fewer than five.
        flood_share: Of the stretch.
        acknowledged: Of the alarms, those that somebody has acknowledged.
        mean_time_to_acknowledge_s: Of these; None without one.
        open_unacknowledged: Alarms that nobody has answered yet.
        verdicts: Alarms by what operators say they were, and those without a word.
    """

    start: float
    hours: float
    operators: int
    alarms: int
    per_operator_hour: float | None
    top: tuple[Point, ...]
    chattering: tuple[Point, ...]
    stale: tuple[int, ...]
    flood_hours: float
    flood_share: float
    acknowledged: int
    mean_time_to_acknowledge_s: float | None
    open_unacknowledged: int
    verdicts: dict[str, int]


def figures(
    told: Sequence[Alarm], open_now: Sequence[Alarm], start: float, end: float, operators: int
) -> Figures:
    """Count.

    Args:
        told: Alarms that were told from ``start`` to ``end``, detector clock.
        open_now: Alarms that are not over or not answered, told or not.
        start: Of the stretch, UTC seconds.
        end: Now.
        operators: Who answer them, >= 1.
    """
    chatter = chattering(told)
    at = sorted(alarm.raised_at for alarm in told if alarm.raised_at is not None)
    hours = max(end - start, 0.0) / HOUR_S
    flood = flood_s(at, end)
    waits = [
        one.acknowledged_at - one.raised_at
        for one in told
        if one.acknowledged_at is not None and one.raised_at is not None
    ]
    return Figures(
        start=start,
        hours=hours,
        operators=operators,
        alarms=len(at),
        per_operator_hour=len(at) / hours / operators if hours else None,
        top=_points(told, told)[:TOP],
        chattering=_points([one for one in told if _point(one) in chatter], told),
        stale=tuple(_stale(open_now, end)),
        flood_hours=flood / HOUR_S,
        flood_share=flood / (hours * HOUR_S) if hours else 0.0,
        acknowledged=len(waits),
        mean_time_to_acknowledge_s=float(np.mean(waits)) if waits else None,
        open_unacknowledged=sum(_is_waiting(one) for one in open_now),
        verdicts=_verdicts(told),
    )


def chattering(told: Sequence[Alarm]) -> set[tuple[str, str]]:
    """Device and kind of those that come three times within a minute."""
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for alarm in told:
        if alarm.raised_at is not None:
            times[_point(alarm)].append(alarm.raised_at)
    return {point for point, at in times.items() if _chatters(sorted(at))}


def flood_s(at: Sequence[float], end: float) -> float:
    """Seconds of flood.

    Args:
        at: When alarms were told, ascending.
        end: Of the stretch; a flood of now goes on until then.
    """
    steps = sorted([(t, 1) for t in at] + [(t + FLOOD_S, -1) for t in at if t + FLOOD_S <= end])
    count, began, total = 0, None, 0.0
    for t, step in steps:
        count += step
        if began is None and count > FLOOD_FROM:
            began = t
        elif began is not None and count < FLOOD_TO:
            total, began = total + t - began, None
    return total if began is None else total + end - began


def _chatters(at: Sequence[float]) -> bool:
    return any(
        later - first < MINUTE_S for first, later in zip(at, at[CHATTER - 1 :], strict=False)
    )


def _points(some: Sequence[Alarm], told: Sequence[Alarm]) -> tuple[Point, ...]:
    counts = Counter(_point(alarm) for alarm in some)
    most_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Point(*point, count, count / len(told)) for point, count in most_first)


def _stale(open_now: Sequence[Alarm], end: float) -> list[int]:
    """Told and active for more than a day."""
    told = (one for one in open_now if one.raised_at is not None and one.state == "active")
    return sorted(one.id or 0 for one in told if end - (one.raised_at or 0.0) > DAY_S)


def _is_waiting(alarm: Alarm) -> bool:
    return alarm.raised_at is not None and alarm.life in {"unacknowledged", "returned", "latched"}


def _verdicts(told: Sequence[Alarm]) -> dict[str, int]:
    found = Counter(alarm.verdict for alarm in told)
    return {**{word: found[word] for word in VERDICTS}, "none": found[None]}


def _point(alarm: Alarm) -> tuple[str, str]:
    return alarm.device, alarm.kind
