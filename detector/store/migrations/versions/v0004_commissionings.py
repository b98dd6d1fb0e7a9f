"""A table of what machines were commissioned with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "commissionings",
        sa.Column("device", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("own", sa.JSON, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("why", sa.String),
        sa.Column("undone_by", sa.String),
        sa.Column("undone_at", sa.Double),
    )
