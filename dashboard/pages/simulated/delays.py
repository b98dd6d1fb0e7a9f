"""Faults that were asked for, each with the alarm that it raised and how long that took."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from detector.records import Alarm
from detector.simulated_records import FaultEvent

START, END, REFUSED = "start", "end", "refused"
AFTER_S = 10.0  # a fault's windows end so long after it at the most
EARLY_S = 0.5  # what rounding may do


@dataclass(frozen=True)
class Answered:
    """One fault.

    Attributes:
        event: Its start, or its refusal.
        ended_at: Detector clock; None while it lasts.
        alarm: The first that was raised of it; None: none was.
        delay_s: From its start to that, by the detector's clock.
        was_before: An alarm was active when it began, so nothing can be measured.
    """

    event: FaultEvent
    ended_at: float | None = None
    alarm: Alarm | None = None
    delay_s: float | None = None
    was_before: bool = False


def answered(events: Sequence[FaultEvent], alarms: Sequence[Alarm]) -> list[Answered]:
    """Pair faults with alarms by the device's clock, the newest fault first.

    Args:
        events: Of one machine, in order.
        alarms: Of the same, in any order.
    """
    found = []
    for number, event in enumerate(events):
        if event.event == REFUSED:
            found.append(Answered(event))
        elif event.event == START:
            ended = next((one for one in events[number:] if one.event == END), None)
            found.append(_answered(event, ended, alarms))
    return found[::-1]


def _answered(event: FaultEvent, ended: FaultEvent | None, alarms: Sequence[Alarm]) -> Answered:
    first, last = event.ts - EARLY_S, math.inf if ended is None else ended.ts + AFTER_S
    ended_at = None if ended is None else ended.heard_at
    mine = [one for one in alarms if one.raised_at is not None and first <= one.start <= last]
    if mine:
        alarm = min(mine, key=lambda one: one.start)
        assert alarm.raised_at is not None
        return Answered(event, ended_at, alarm, max(alarm.raised_at - event.heard_at, 0.0))
    was_before = any(
        one.raised_at is not None and one.start < first and (one.end is None or one.end > event.ts)
        for one in alarms
    )
    return Answered(event, ended_at, was_before=was_before)
