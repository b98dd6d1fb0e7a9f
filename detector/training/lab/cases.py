"""Sessions whose faults are known, for evaluation: recorded with labels, or injected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.records import Flags
from detector.sessions.files import Recording
from detector.training.lab.metrics import stretches

UNKNOWN = "unknown"  # family of a fault that only a label tells of


@dataclass(frozen=True, slots=True)
class FaultEvent:
    """One fault in one session.

    Attributes:
        family: Name of the fault, ``unknown`` where only a label tells of it.
        severity: 0..1; None if unknown.
        start: Time of the first faulty sample.
        end: Time of the last faulty sample.
    """

    family: str
    severity: float | None
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Case:
    """One session to be judged.

    Attributes:
        name: Of its file, with the seed where faults were injected.
        recording: What the detector sees.
        label: Shape (n,), True where faulty.
        events: Its faults in order of time.
    """

    name: str
    recording: Recording
    label: Flags
    events: tuple[FaultEvent, ...]


def labelled_case(recording: Recording, told: Sequence[FaultEvent] = ()) -> Case:
    """A session as it was recorded.

    Args:
        recording: With or without a label.
        told: Ground truth where there is more than a label.
    """
    n = len(recording.samples)
    ts = recording.samples.ts
    label = recording.label
    if label is None:
        label = np.zeros(n, np.bool_)
        for event in told:
            label |= (ts >= event.start) & (ts <= event.end)
    events = tuple(told) or tuple(
        FaultEvent(UNKNOWN, None, *found) for found in stretches(ts, label)
    )
    return Case(recording.name, recording, label, events)
