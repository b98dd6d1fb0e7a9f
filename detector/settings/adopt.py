"""``[adopt]``."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from detector.settings.section import Section


class AdoptSettings(Section):
    """Devices without a rule: what is learnt of them by itself, until somebody says more."""

    automatic: bool = Field(
        True,
        description="Learn a provisional model of each device for which no rule names a model.",
    )
    learn_minutes: float = Field(
        10.0,
        ge=0.5,
        le=1440,
        description="Minutes of running, by the device's clock, that it is learnt from.",
    )
    folder: Path | None = Field(
        None,
        description="Where provisional models are kept; empty: `provisional` beside the SQLite "
        "file of the store, else in the working directory.",
    )
