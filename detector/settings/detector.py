"""``[detector]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class DetectorSettings(Section):
    """The running detector."""

    tick_ms: int = Field(100, ge=10, le=5000, description="Milliseconds between scoring rounds.")
    chunk: int = Field(256, ge=1, le=8192, description="Windows per call of the network.")
