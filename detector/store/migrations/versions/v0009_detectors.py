"""Several detectors on one store: one row each, and what is whose.

What is there belongs to nobody: the detector that brings the store here takes it over.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

COPY = "INSERT INTO unused_new (topic, detector, entries) SELECT topic, '', entries FROM unused"


def upgrade() -> None:
    """Add a table and a column to three."""
    op.create_table(
        "detectors",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("renewed_at", sa.Double, nullable=False),
        sa.Column("connection", sa.String, nullable=False),
        sa.Column("counters", sa.JSON, nullable=False),
    )
    for table in ("devices", "alarms"):
        column = sa.Column("detector", sa.String, nullable=False, server_default="")
        op.add_column(table, column)
    op.create_table(  # SQLite changes no key
        "unused_new",
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("detector", sa.String, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("topic", "detector", name="unused_once"),
    )
    op.execute(COPY)
    op.drop_table("unused")
    op.rename_table("unused_new", "unused")
