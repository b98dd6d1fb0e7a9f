"""An alarm, and what holds alarms back, as they travel between the rooms; see ``records``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Life(StrEnum):
    """Where an alarm is in its life, in the states of ISA-18.2 and IEC 62682."""

    NORMAL = "normal"  # over: nothing is asked of anybody
    UNACKNOWLEDGED = "unacknowledged"  # active, nobody has answered it
    ACKNOWLEDGED = "acknowledged"  # active, somebody has
    RETURNED = "returned"  # over, and nobody has answered it
    LATCHED = "latched"  # its cause has gone; it stays until somebody answers
    SHELVED = "shelved"  # an operator put it aside for a while
    SUPPRESSED = "suppressed"  # by design: the machine is in maintenance
    OUT_OF_SERVICE = "out-of-service"  # the device's alarms are off until somebody undoes it


class Priority(StrEnum):
    """How soon an operator should look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


HELD = (Life.SHELVED, Life.SUPPRESSED, Life.OUT_OF_SERVICE)  # nobody is told


@dataclass(frozen=True, slots=True)
class Alarm:
    """The operator-facing thing with a life of its own.

    Attributes:
        id: Given by the store; None before it is stored.
        device: Name of the machine; empty: the detector itself.
        kind: What raised it: ``score``, ``sensor``, ``silent``, ``detector``, ``drift``, or
            ``provisional`` where the model is, which nobody is notified of.
        state: ``active`` or ``cleared``.
        start: Sample time of the first anomaly that led to it.
        end: Sample time at which its cause went; None while it is there.
        peak_score: Largest score so far; 0 where the kind has none.
        contributions: Share per feature at the peak.
        model: Name of the bundle; empty where none judged it.
        threshold: Score threshold in force when it was raised.
        life: Which state it is in; it says what ``state`` says and more.
        priority: The highest it had.
        peak_ts: Sample time of ``peak_score``; None where it has none.
        sentence: What is the matter, one plain sentence; empty in alarms of older versions.
        raised_at: When it was told, detector clock; None: nobody was told.
        acknowledged_at: When somebody answered, detector clock; None: nobody has.
        acknowledged_by: Who did.
        ended_by: ``return``, ``stop`` of the machine or ``model`` (another one judges); None
            before its end.
        verdict: ``real``, ``false`` or ``known`` (work on the machine), an operator's; None: none.
        cause: What the operator found; None where there is no verdict.
        detector: Name of the one that looks after it; empty in what nobody has taken over.
    """

    id: int | None
    device: str
    kind: str
    state: str
    start: float
    end: float | None
    peak_score: float
    contributions: dict[str, float]
    model: str
    threshold: float
    life: str = Life.UNACKNOWLEDGED.value
    priority: str = Priority.MEDIUM.value
    peak_ts: float | None = None
    sentence: str = ""
    raised_at: float | None = None
    acknowledged_at: float | None = None
    acknowledged_by: str | None = None
    ended_by: str | None = None
    verdict: str | None = None
    cause: str | None = None
    detector: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Alarms that nobody is to be told of.

    Attributes:
        device: Name of the machine.
        kind: Of the alarms; empty: all of the device.
        life: What such alarms are: ``shelved``, ``suppressed`` or ``out-of-service``.
        until: Detector clock; None: until it is undone.
        one_shot: It ends with the alarm, if not before.
        who: Asked for it.
        why: In their words; None where they gave none.
    """

    device: str
    kind: str
    life: str
    until: float | None
    one_shot: bool
    who: str
    why: str | None
