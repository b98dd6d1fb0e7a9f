"""The tables of what the running detectors tell of themselves."""

from __future__ import annotations

import sqlalchemy as sa


def facts_of(metadata: sa.MetaData) -> sa.Table:
    """Documents by name; the detector replaces them, and anybody may read."""
    return sa.Table("facts", metadata,
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False))  # fmt: skip


def detectors_of(metadata: sa.MetaData) -> sa.Table:
    """The detectors that take in samples, one row each while it runs; see ``detectors``."""
    return sa.Table("detectors", metadata,
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("renewed_at", sa.Double, nullable=False),
        sa.Column("connection", sa.String, nullable=False),
        sa.Column("counters", sa.JSON, nullable=False))  # fmt: skip


def unused_of(metadata: sa.MetaData) -> sa.Table:
    """What a running detector received and did not use, one row a topic."""
    return sa.Table("unused", metadata,
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("detector", sa.String, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("topic", "detector", name="unused_once"))  # fmt: skip
