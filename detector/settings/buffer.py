"""``[buffer]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class BufferSettings(Section):
    """The bounded memory between the network and the scoring thread."""

    samples_per_device: int = Field(
        20_000,
        ge=100,
        le=10_000_000,
        description="Samples held per device before the oldest go; of a device whose model hears a "
        "waveform at least 10 s.",
    )
    max_devices: int = Field(
        1000, ge=1, le=100_000, description="Devices held; samples of further ones are dropped."
    )
