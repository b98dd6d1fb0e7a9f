"""The kinds of alarms, and what is said of an alarm by its kind."""

from __future__ import annotations

from detector.records import HELD, Alarm, DeviceState, ModelCard, Priority

SCORE, PROVISIONAL, SENSOR, SILENT = "score", "provisional", "sensor", "silent"
DETECTOR, DRIFT = "detector", "drift"
BASE = {SENSOR: Priority.MEDIUM, SILENT: Priority.MEDIUM, DETECTOR: Priority.HIGH,
        DRIFT: Priority.LOW}  # fmt: skip
QUIET = (PROVISIONAL, DRIFT)  # shown and recorded; nobody is notified or asked to answer


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
