"""What goes to the process that learns, and what comes back; imports nothing that takes time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from detector.provisional.files import Mark
from detector.scoring.rate import TOLERANCE
from detector.settings.devices import RunningSignal

MOST_PEERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What is to be learnt.

    Attributes:
        device: Name of the machine.
        version: Number of the model to be made.
        before: First and last sample of each stretch that an earlier model was learnt from; all
            of it counts as normal still.
        span: First and last sample of the new stretch.
        rate_hz: Samples a second.
        needed_s: Seconds of running that are asked for.
        running: Running signal where the settings name one.
        folder: Of provisional models.
        features: All channels that it sends now, sorted.
        peers: Marks of devices of the same kind.
    """

    device: str
    version: int
    before: tuple[tuple[float, float], ...]
    span: tuple[float, float]
    rate_hz: float
    needed_s: float
    running: RunningSignal | None
    folder: Path
    features: tuple[str, ...] = ()
    peers: tuple[Mark, ...] = ()

    def alike(self, marks: Iterable[Mark]) -> tuple[Mark, ...]:
        """The newest marks of other devices of the same kind: these channels at a like rate."""
        alike = {
            mark.device: mark
            for mark in marks
            if mark.features == self.features
            and mark.device != self.device
            and abs(mark.period_s * self.rate_hz - 1) <= TOLERANCE
        }
        return tuple(alike.values())[-MOST_PEERS:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a lesson.

    Attributes:
        device: Name of the machine.
        mark: Of the model; None: there is none.
        reason: Why there is none, one line.
        more_s: Seconds of running that are missing; 0 where more of the same does not help.
        is_stranger: Its kind calls it abnormal.
    """

    device: str
    mark: Mark | None = None
    reason: str = ""
    more_s: float = 0.0
    is_stranger: bool = False
