"""What the upkeep goes by, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How long what is kept, and how much of it.

    Attributes:
        hot_s: How long frames stay in the tables.
        days: Age at which each tier is deleted, by its name.
        size_gb: Most room for everything; None: a part of the disk is left free.
    """

    hot_s: float
    days: Mapping[str, float]
    size_gb: float | None = None
