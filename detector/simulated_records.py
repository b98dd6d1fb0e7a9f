"""Simulated machines that take faults, as a detector hears of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FaultEvent:
    """What a simulator told of a fault that was asked for, or that its recording holds.

    Attributes:
        event: ``start``, ``full``, ``end`` or ``refused``.
        heard_at: Detector clock, UTC seconds.
        ts: Device clock, UTC seconds.
        family: Of the fault; empty where it was refused.
        axis: Feature, or ``all``; empty likewise.
        severity: 0..1; 0 likewise.
        reason: Why it was refused; empty otherwise.
    """

    event: str
    heard_at: float
    ts: float = 0.0
    family: str = ""
    axis: str = ""
    severity: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Simulated:
    """One simulated machine.

    Attributes:
        device: Its name.
        heard_at: When it last said that it is there, detector clock; silent ones are gone.
        families: Faults that may be asked for.
        features: That they may be put into.
        events: The newest, in order.
    """

    device: str
    heard_at: float
    families: tuple[str, ...]
    features: tuple[str, ...]
    events: tuple[FaultEvent, ...] = ()
