"""Rollups, and up to where they have counted.

They are empty at first: the running detector makes them of the frames that are there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "rollups",
        sa.Column("device", sa.String, nullable=False),
        sa.Column("width_s", sa.Integer, nullable=False),
        sa.Column("start", sa.Double, nullable=False),
        sa.Column("features", sa.JSON, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("buckets", sa.LargeBinary, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("arrival", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("device", "width_s", "start", name="rollups_once"),
    )
    op.create_index("rollups_by_arrival", "rollups", ["width_s", "arrival", "bytes"])
    op.create_table(
        "rolled",
        sa.Column("device", sa.String, primary_key=True),
        sa.Column("frame_id", sa.Integer, nullable=False),
    )
