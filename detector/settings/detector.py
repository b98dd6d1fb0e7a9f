"""``[detector]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class DetectorSettings(Section):
    """The running detector."""

    tick_ms: int = Field(100, ge=10, le=5000, description="Milliseconds between scoring rounds.")
    chunk: int = Field(256, ge=1, le=8192, description="Windows per call of the network.")
    workers: int = Field(
        0,
        ge=0,
        le=256,
        description="Processes beside the detector that score, each its share of the devices; "
        "0: the detector scores by itself. Read at the start alone.",
    )
    waveform_s: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="Seconds of raw waveform kept in memory of each device whose model hears one, "
        "for flight records and the spectrum; 0: none.",
    )
    waveform_mb: int = Field(
        512, ge=1, le=65536, description="Megabytes of waveform of all devices together, at most."
    )
