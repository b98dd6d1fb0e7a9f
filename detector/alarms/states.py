"""Kinds of alarms, and their life in the states of ISA-18.2 (IEC 62682, OPC UA Part 9): a table.

No clock and no I/O: what happens comes in, the next state goes out. What is not in the table is
not allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from detector.records import HELD, Alarm, DeviceState, Hold, Life, ModelCard, Priority

SCORE, PROVISIONAL, SENSOR, SILENT = "score", "provisional", "sensor", "silent"
DETECTOR, DRIFT = "detector", "drift"
BASE = {SENSOR: Priority.MEDIUM, SILENT: Priority.MEDIUM, DETECTOR: Priority.HIGH,
        DRIFT: Priority.LOW}  # fmt: skip
QUIET = (PROVISIONAL, DRIFT)  # shown and recorded; nobody is notified or asked to answer


class Event(StrEnum):
    """What happens to an alarm."""

    RAISE = "raise"  # its cause is there
    CLEAR = "clear"  # its cause has gone
    ACKNOWLEDGE = "acknowledge"
    SHELVE = "shelve"
    SUPPRESS = "suppress"  # a maintenance window begins
    REMOVE = "remove"  # out of service
    RELEASE = "release"  # none of these three holds it back any more


HOLDING = {
    Life.SHELVED: Event.SHELVE,
    Life.SUPPRESSED: Event.SUPPRESS,
    Life.OUT_OF_SERVICE: Event.REMOVE,
}
STRONGEST_FIRST = (Life.OUT_OF_SERVICE, Life.SUPPRESSED, Life.SHELVED)
ACTIVE = (Life.UNACKNOWLEDGED, Life.ACKNOWLEDGED, Life.LATCHED, *HELD)

_HOLD = {event: life for life, event in HOLDING.items()}
_ANSWER = dict.fromkeys((Event.ACKNOWLEDGE, *_HOLD), Life.NORMAL)  # of what is no longer there
_HELD = {**_HOLD, Event.CLEAR: Life.NORMAL, Event.RELEASE: Life.UNACKNOWLEDGED}
TABLE: dict[Life, dict[Event, Life]] = {
    Life.NORMAL: {Event.RAISE: Life.UNACKNOWLEDGED},
    Life.UNACKNOWLEDGED: {
        **_HOLD,
        Event.CLEAR: Life.RETURNED,
        Event.ACKNOWLEDGE: Life.ACKNOWLEDGED,
    },
    Life.ACKNOWLEDGED: {**_HOLD, Event.CLEAR: Life.NORMAL},
    Life.RETURNED: _ANSWER,
    Life.LATCHED: {**_ANSWER, Event.RAISE: Life.UNACKNOWLEDGED},
    **dict.fromkeys(HELD, _HELD),
}


def after(life: Life, event: Event, *, is_latching: bool = False) -> Life | None:
    """The state after an event; None: the event is not allowed in this state.

    Args:
        life: Before.
        event: What happens.
        is_latching: An alarm that nobody has answered stays active though its cause has gone.
    """
    if is_latching and life is Life.UNACKNOWLEDGED and event is Event.CLEAR:
        return Life.LATCHED
    return TABLE[life].get(event)


def state_of(life: Life) -> str:
    """``active`` or ``cleared``."""
    return "active" if life in ACTIVE else "cleared"


def hold_on(holds: Iterable[Hold], device: str, kind: str, now: float) -> Hold | None:
    """The strongest of the holds that apply to a device's alarms of a kind; None: none does.

    Args:
        holds: All of them.
        device: Name of the machine.
        kind: Of the alarm.
        now: Detector clock.
    """
    mine = [
        hold
        for hold in holds
        if hold.device == device and hold.kind in {"", kind} and not is_over(hold, now)
    ]
    return min(mine, key=lambda hold: STRONGEST_FIRST.index(Life(hold.life)), default=None)


def is_over(hold: Hold, now: float) -> bool:
    """Whether the time of a hold has passed."""
    return hold.until is not None and now >= hold.until


def kind_of(card: ModelCard) -> str:
    """Kind of the alarms of a model."""
    return PROVISIONAL if card.provisional else SCORE


def word_of(alarm: Alarm) -> str:
    """What it is called."""
    return "provisional alarm" if alarm.kind == PROVISIONAL else "alarm"


def device_state(alarm: Alarm) -> DeviceState:
    """What a device with this alarm is said to be."""
    return DeviceState.SENSOR if alarm.kind == SENSOR else DeviceState.ALARM


def is_on(alarm: Alarm) -> bool:
    """Whether the cause of an alarm is there."""
    return alarm.end is None


def is_told(alarm: Alarm) -> bool:
    """Whether an alarm is active and not held back."""
    return alarm.state == "active" and alarm.life not in HELD
