"""``[detector]``."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from detector.settings.section import Section

Runtime: TypeAlias = Literal["auto", "torch", "onnx"]


class DetectorSettings(Section):
    """The running detector."""

    tick_ms: int = Field(100, ge=10, le=5000, description="Milliseconds between scoring rounds.")
    chunk: int = Field(256, ge=1, le=8192, description="Windows per call of the network.")
    runtime: Runtime = Field(
        "auto",
        description="What networks run on. `onnx`: on ONNX Runtime, from what `faultline "
        "export-onnx` made of a bundle, and torch is not imported; `auto`: on torch where it is "
        "installed, else as `onnx`. From the next start on.",
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
