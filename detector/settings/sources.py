"""``[[sources]]``."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from pydantic import Field, field_validator

from detector.settings.section import Section

SLOWEST_HZ, FASTEST_HZ = 1e-6, 10_000_000
Format = Literal[
    "auto", "json", "senml", "line-protocol", "csv", "messagepack", "cbor", "binary", "text",
    "sparkplug",
]  # fmt: skip


class SourceSettings(Section):
    """One kind of messages: which topics, and how they are read; most need only ``topic``."""

    topic: str = Field(
        min_length=1,
        description="Topic template: `{device}` and `{feature}` name levels that say so, other "
        "`{names}`, `+` and `#` stand for any; for example `plant/{line}/{device}/#`. Several "
        "`{device}` are joined with `-`, several `{feature}` with a dot.",
    )
    format: Format = Field(
        "auto", description="Payload format; `auto` looks at the first bytes of each topic."
    )
    device: tuple[str, ...] = Field(
        (),
        description="Payload keys that name the device where the topic does not, joined with `-`; "
        'for example `["model", "id"]`.',
    )
    time: str | None = Field(
        None, description="Payload key of the time; empty: the first of the usual names."
    )
    time_zone: str = Field(
        "UTC", description="Zone of times that name none, for example `Asia/Seoul`."
    )
    rate_hz: float | None = Field(
        None,
        ge=SLOWEST_HZ,
        le=FASTEST_HZ,
        description="Samples per second inside a burst without times.",
    )
    columns: tuple[str, ...] = Field(
        (),
        description="CSV and binary: the columns in order, `ts` for the time; else channels that "
        "are expected, so that a word such as `unavailable` in one is a missing value.",
    )
    layout: str | None = Field(
        None,
        description="Binary: numpy dtype of one value, for example `<f4`; `planar <f4` where one "
        "column follows the other.",
    )
    scale: float | dict[str, float] = Field(
        1.0, description="Values are multiplied by this; a table gives one per channel."
    )
    missing: tuple[float | str, ...] = Field(
        (), description="Values that mean none, for example `[-127, 65535]`."
    )
    include: tuple[str, ...] = Field(
        (), description="Channels to take, `*` and `?` allowed; empty: all."
    )
    exclude: tuple[str, ...] = Field((), description="Channels to leave out, `*` and `?` allowed.")
    unit: str | dict[str, str] = Field(
        "", description="Unit of the channels where messages give none; a table: one per channel."
    )
    automatic: bool = Field(
        True,
        description="Learn provisional models of its devices, where `adopt.automatic` does.",
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("allowed: a time zone such as UTC or Europe/Berlin") from None
        return zone

    @field_validator("layout")
    @classmethod
    def _known_layout(cls, layout: str | None) -> str | None:
        if layout is None:
            return None
        allowed = "allowed: a numpy number such as <f4, >i2 or u1, after `planar ` too"
        try:
            dtype = np.dtype(layout.removeprefix("planar "))
        except TypeError:
            raise ValueError(allowed) from None
        if dtype.kind not in "iufb":
            raise ValueError(allowed)
        return layout
