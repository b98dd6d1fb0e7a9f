"""``[dashboard]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class DashboardSettings(Section):
    """The page."""

    stale_s: float = Field(
        10.0, gt=0, le=86_400, description="Data older than this many seconds is shown as stale."
    )
    live_window_s: float = Field(
        60.0, gt=1, le=86_400, description="Seconds of signal on the live chart."
    )
    push_ms: int = Field(500, ge=100, le=10_000, description="Milliseconds between live updates.")
    start_detector: bool = Field(
        True, description="Start a detector as a child process when none is alive."
    )
