"""``[store]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class StoreSettings(Section):
    """Where frames, alarms and commands are kept."""

    url: str = Field("sqlite:///faultline.db", description="SQLAlchemy URL of the store.")
    retention_days: float = Field(
        30.0, gt=0, le=3650, description="Frames older than this many days are deleted."
    )
    archive: str | None = Field(
        None,
        description="Where closed hours and flight records are kept: a folder, or a URL that "
        "fsspec knows such as `s3://bucket/faultline`; empty: `archive` beside the SQLite file.",
    )
