"""``[metrics]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class MetricsSettings(Section):
    """Figures of the running detector for Prometheus, at ``http://address:port/metrics``."""

    port: int | None = Field(
        None, ge=1, le=65_535, description="Port that the figures are served on; empty: none."
    )
    address: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address that they are served on. There is no login: on another than this "
        "computer's own, whoever reaches it reads them.",
    )
