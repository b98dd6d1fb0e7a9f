"""``[[devices]]``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from detector.settings.alarms import AlarmSettings
from detector.settings.alignment import Method
from detector.settings.section import Section


class RunningSignal(Section):
    """A feature that says whether the machine is in the states to be judged."""

    feature: str = Field(description="Name of the running signal, for example `rpm`.")
    min: float = Field(description="Smallest value that counts as running, in its own unit.")
    max: float = Field(float("inf"), description="Largest value that counts as running.")
    ranges: tuple[tuple[float, float], ...] = Field(
        (), description="Ranges that count, where not all from `min` to `max` does."
    )


class DeviceRule(Section):
    """Which model watches which devices; the first rule that matches counts."""

    match: str = Field(min_length=1, description="Device name, `*` and `?` allowed.")
    model: Path | None = Field(
        None,
        description="Folder of the bundle; empty: as a device without a rule, see `[adopt]`.",
    )
    running: RunningSignal | None = Field(
        None, description="Running signal instead of the bundle's own."
    )
    threshold: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Score threshold instead of 1.0 until moved.",
    )
    alarms: AlarmSettings | None = Field(None, description="Alarm rule instead of `[alarms]`.")
    criticality: Literal["low", "normal", "high"] = Field(
        "normal", description="How much the machine matters; it moves the priority of its alarms."
    )
    clock: Literal["device", "arrival"] = Field(
        "device",
        description="Whose time counts where the device's clock is off by more than "
        "`alignment.clock_limit_s`; by arrival the spacing of its samples is kept.",
    )
    hold_s: float | None = Field(
        None, ge=0, le=86_400, description="`alignment.hold_s` of this device."
    )
    align: dict[str, Method] = Field(
        {},
        description="How channels are joined where not by themselves, `*` and `?` allowed: `hold` "
        "(on change), `linear` (neighbours up to `wait_s` apart) or `mean`; for example "
        '`{ "temp*" = "hold" }`.',
    )


SHIPPED_RULES = (
    DeviceRule(match="motor-600-*", model=Path("models/motor-600rpm")),
    DeviceRule(match="motor-1200-*", model=Path("models/motor-1200rpm")),
    DeviceRule(match="motor-vs-*", model=Path("models/motor-variable")),
    DeviceRule(match="motor-hf-*", model=Path("models/motor-waveform")),
)
