"""``[detector]``."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from detector.settings.section import Section

Runtime: TypeAlias = Literal["auto", "torch", "onnx"]


class DetectorSettings(Section):
    """The running detector."""

    name: str | None = Field(
        None,
        min_length=1,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="What it is called beside others on one store; of one name one runs, a second "
        "waits; none: `mqtt.client_id`, `@` and `mqtt.url`. Read at the start alone.",
    )
    tick_ms: int = Field(
        100,
        ge=10,
        le=5000,
        description="Milliseconds from the beginning of one scoring round to that of the next; one "
        "that takes longer is followed at once.",
    )
    chunk: int = Field(256, ge=1, le=8192, description="Windows per call of the network.")
    workers: int = Field(
        0,
        ge=0,
        le=256,
        description="Processes beside the detector that score, each its share of the devices; "
        "0: the detector scores by itself. Read at the start alone.",
    )
    engine: Literal["workers", "ray"] = Field(
        "workers",
        description="What the processes of `workers` are: `workers`: children of the detector; "
        "`ray`: actors of a Ray cluster, which may have other machines (the extra `ray`). Read at "
        "the start alone.",
    )
    ray_address: str | None = Field(
        None,
        description="Of the Ray cluster, such as `10.0.0.5:6379`; none: one that begins and ends "
        "with the detector. Read at the start alone.",
    )
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

    @model_validator(mode="after")
    def _has_actors(self) -> DetectorSettings:
        if self.engine == "ray" and not self.workers:
            raise ValueError("engine = ray, workers = 0, allowed: workers from 1, an actor each")
        return self
