"""What every table of the settings file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of ``faultline.toml``; refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)
