"""What the upkeep of the store goes by, from the settings."""

from __future__ import annotations

from detector.settings.store import StoreSettings
from detector.store.history.rollups import TIERS
from detector.store.keeping.deciding import ARCHIVE, HOT
from detector.store.keeping.rules import Rules


def rules_of(settings: StoreSettings) -> Rules:
    """Ages of all tiers, and their size."""
    whole = dict.fromkeys((ARCHIVE, HOT), settings.retention_days)
    rolled = {name: settings.rollup_days[width_s] for name, width_s in TIERS.items()}
    return Rules(hot_s=3600 * settings.hot_hours, days=whole | rolled, size_gb=settings.size_gb)
