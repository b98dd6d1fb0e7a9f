"""``[sessions]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class SessionSettings(Section):
    """Where one session ends and the next begins."""

    gap_periods: float = Field(
        3.0, gt=1, le=1000, description="A pause longer than this many sampling periods ends it."
    )
    max_hole: int = Field(
        5, ge=0, le=1000, description="Missing samples in a row that are interpolated."
    )
    late_s: float = Field(
        60.0,
        ge=0,
        description="Samples up to this many seconds late are dropped as late; "
        "a longer step back is a restart of the device clock.",
    )
