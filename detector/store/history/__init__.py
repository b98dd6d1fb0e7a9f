"""What is stored of a device over any time: rollups, and one call that answers from all tiers."""
