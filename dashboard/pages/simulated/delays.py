"""Faults that were asked for, each with the alarm that it raised and how long that took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detector.records import Alarm
from detector.simulated_records import FaultEvent

START, END, REFUSED = "start", "end", "refused"
AFTER_S = 10.0  # a fault's windows end so long after it at the most


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
    """Pair faults with alarms, the newest fault first.

    Args:
        events: Of one machine, in order.
        alarms: Of the same, in any order.
    """
    found = []
    for number, event in enumerate(events):
        if event.event == REFUSED:
            found.append(Answered(event))
        elif event.event == START:
            ended = next((one.heard_at for one in events[number:] if one.event == END), None)
            found.append(_answered(event, ended, alarms))
    return found[::-1]


def _answered(event: FaultEvent, ended: float | None, alarms: Sequence[Alarm]) -> Answered:
    until = float("inf") if ended is None else ended + AFTER_S
    raised = [(one.raised_at, one) for one in alarms if one.raised_at is not None]
    after = [(at, one) for at, one in raised if event.heard_at <= at <= until]
    if after:
        at, alarm = min(after, key=lambda pair: pair[0])
        return Answered(event, ended, alarm, at - event.heard_at)
    was_before = any(at < event.heard_at and (one.end is None or one.end > event.ts)
                     for at, one in raised)  # fmt: skip
    return Answered(event, ended, was_before=was_before)
