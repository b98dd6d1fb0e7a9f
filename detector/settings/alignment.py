"""``[alignment]``."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from detector.settings.section import Section

Method: TypeAlias = Literal["hold", "linear", "mean"]


class AlignmentSettings(Section):
    """How what a device sends in many messages, or out of order, becomes samples."""

    wait_s: float = Field(
        1.0,
        ge=0,
        le=60,
        description="A sample waits so many seconds for what may still come before it or with it: "
        "a message that overtook another, or a channel in a message of its own.",
    )
    hold_s: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description="A channel that is sent only on change keeps its value for so many seconds.",
    )
    clock_limit_s: float = Field(
        5.0,
        gt=0,
        le=86_400,
        description="A device's clock that is further off than this is told, and replaced by the "
        'time of arrival where its rule says `clock = "arrival"`.',
    )
