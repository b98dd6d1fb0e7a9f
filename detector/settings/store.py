"""``[store]``."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from detector.settings.section import Section

LEAST_GB = 0.2


class StoreSettings(Section):
    """Where frames, alarms and commands are kept."""

    url: str = Field("sqlite:///faultline.db", description="SQLAlchemy URL of the store.")
    hot_hours: float = Field(
        3.0,
        ge=0.1,
        le=8760,
        description="Frames younger than this many hours stay in the database, whole hours of "
        "older ones go to the archive.",
    )
    retention_days: float = Field(
        30.0,
        gt=0,
        le=3650,
        description="Samples at full resolution are deleted after so many days.",
    )
    rollup_1s_days: float = Field(
        90.0, gt=0, le=36_500, description="Rollups of one second are deleted after so many days."
    )
    rollup_1min_days: float = Field(
        730.0, gt=0, le=36_500, description="Rollups of one minute are deleted after so many days."
    )
    rollup_15min_days: float = Field(
        3650.0,
        gt=0,
        le=36_500,
        description="Rollups of a quarter of an hour are deleted after so many days.",
    )
    size_gb: float | None = Field(
        None,
        le=1e6,
        description="Most room for everything, GB, from 0.2: the oldest samples at full resolution "
        "go first, then the finest rollups; alarms, flight records and commands stay. Empty: of "
        "what the store takes and its disk has free, a tenth is left free.",
    )
    archive: str | None = Field(
        None,
        description="Where closed hours and flight records are kept: a folder, or a URL that "
        "fsspec knows such as `s3://bucket/faultline`; empty: `archive` beside the SQLite file.",
    )

    @field_validator("size_gb")
    @classmethod
    def _refuse_small(cls, size_gb: float | None) -> float | None:
        if size_gb is not None and not size_gb >= LEAST_GB:
            raise PydanticCustomError(
                "too_small",
                "allowed: from {least}, for the newest hours, what is written ahead of the tables "
                "and the hour that is being closed take some of it whatever is deleted; or empty",
                {"least": LEAST_GB},
            )
        return size_gb

    @property
    def rollup_days(self) -> dict[int, float]:
        """Age in days by the width of a rollup in seconds."""
        return {1: self.rollup_1s_days, 60: self.rollup_1min_days, 900: self.rollup_15min_days}
