"""Merged frames, and closed hours in files.

Frames stay as they are; the running detector merges them and moves closed hours.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column and make both tables."""
    op.add_column(
        "frames", sa.Column("packing", sa.SmallInteger, nullable=False, server_default="0")
    )
    loose = sa.text("packing = 0")
    op.create_index(
        "frames_loose", "frames", ["device", "id"], sqlite_where=loose, postgresql_where=loose
    )
    op.create_table(
        "archived",
        sa.Column("path", sa.String, primary_key=True),
        sa.Column("device", sa.String, nullable=False),
        sa.Column("start", sa.Double, nullable=False),
        sa.Column("end", sa.Double, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("arrival", sa.Double, nullable=False),
        sa.Column("features", sa.JSON, nullable=False),
        sa.Column("spans", sa.JSON, nullable=False),
    )
    op.create_index("archived_of_device", "archived", ["device", "start"])
    op.create_index("archived_by_arrival", "archived", ["arrival"])
    op.create_table("archive", sa.Column("owner", sa.String, primary_key=True))
