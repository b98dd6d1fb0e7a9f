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


FrontEndPlan = WindowPlan  # a union of all kinds once there are two
