"""The table of what the running detector tells of itself."""

from __future__ import annotations

import sqlalchemy as sa


def facts_of(metadata: sa.MetaData) -> sa.Table:
    """Documents by name; the detector replaces them, and anybody may read."""
    return sa.Table("facts", metadata,
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False))  # fmt: skip
