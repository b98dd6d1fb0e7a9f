"""``[alarms]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class AlarmSettings(Section):
    """When windows above the threshold become an alarm."""

    k: int = Field(3, ge=1, le=10_000, description="Windows above the threshold that raise it ...")
    n: int = Field(5, ge=1, le=10_000, description="... among this many judged windows in a row.")
    m: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="Judged windows below in a row that clear it; empty: 5 s and at least L.",
    )
