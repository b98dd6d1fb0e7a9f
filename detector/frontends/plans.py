"""What a bundle says of its front end, one struct a kind; ``kind`` in the file tells which."""

from __future__ import annotations

import msgspec


class WindowPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True,
                 tag_field="kind", tag="window"):  # fmt: skip
    """Level, size, shape, spectrum and orders of blocks at tens to hundreds of Hz.

    Attributes:
        inputs: The F channels.
        units: One per input, empty where unknown.
        block: Samples described at once.
        hop: Samples from one block to the next.
        sampling_period_s: Seconds between samples.
        centre: Per input, the mean of normal samples.
        scale: Per input, their deviation: what is small is told by it.
        bands: Of frequency.
        speed: Channel with the speed in 1/min; None: there is none.
        rpm: Nominal speed, where no channel has it; None: no orders.
        conditions: Channels whose mean over each block says what is normal then, see ``beside``.
        rest: Whether shape and bands are of what the whole multiples of the speed leave.
        highest: Turns per sample up to which an order is shown; nearer to half of one a filter
            against aliases, and what it lets through, say more than the machine.
    """

    inputs: tuple[str, ...]
    units: tuple[str, ...]
    block: int
    hop: int
    sampling_period_s: float
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    bands: int = 5
    speed: str | None = None
    rpm: float | None = None
    conditions: tuple[str, ...] = ()
    rest: bool = False
    highest: float = 0.5


class WaveformPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True,
                   tag_field="kind", tag="waveform"):  # fmt: skip
    """What a vibration analyst reads in blocks of a waveform of 1 to 25 kHz.

    Attributes:
        inputs: The F channels.
        units: One per input; ``g``, ``m/s²`` or ``mm/s²`` where a velocity can be told.
        block: Samples described at once.
        hop: Samples from one block to the next.
        sampling_period_s: Seconds between samples.
        scale: Per input, the deviation of normal samples: what is small is told by it.
        velocity_hz: Band of the velocity.
        envelope_hz: Bands whose envelope is looked at.
        speed: Channel with the speed in 1/min; None: there is none.
        rpm: Nominal speed; beside ``speed`` it says what is worth looking for; None: it varies
            or, where no channel has it, is unknown, and there are no orders.
        bearing: Its name or geometry, see ``bearing_named``; None: unknown.
        teeth: Of the pinion on the shaft; None: there is no gear.
        machine_class: Of ISO 20816-3, or limits of its own, see ``limits_of``; None: no zones.
        conditions: As of ``WindowPlan``.
    """

    inputs: tuple[str, ...]
    units: tuple[str, ...]
    block: int
    hop: int
    sampling_period_s: float
    scale: tuple[float, ...]
    velocity_hz: tuple[float, float]
    envelope_hz: tuple[tuple[float, float], ...]
    speed: str | None = None
    rpm: float | None = None
    bearing: str | None = None
    teeth: int | None = None
    machine_class: str | None = None
    conditions: tuple[str, ...] = ()


FrontEndPlan = WindowPlan | WaveformPlan


def beside(plan: FrontEndPlan) -> tuple[str, ...]:
    """Channels taken beside the inputs: the speed first, then the other conditions."""
    speed = () if plan.speed is None else (plan.speed,)
    return tuple(dict.fromkeys([*speed, *plan.conditions]))
