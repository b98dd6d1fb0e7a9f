"""An outbox: what people are to be told of alarms, and the floods in which they are told less."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add both tables."""
    op.create_table("outbox", *_columns(), sqlite_autoincrement=True)
    op.create_index("outbox_of_target", "outbox", ["target", "at"])
    is_waiting = sa.text("outcome IS NULL")
    op.create_index("outbox_waiting", "outbox", ["target", "id"], sqlite_where=is_waiting,
                    postgresql_where=is_waiting)  # fmt: skip
    op.create_table(
        "floods",
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("since", sa.Double, nullable=False),
    )


def _columns() -> list[sa.Column[int] | sa.Column[str] | sa.Column[float] | sa.Column[object]]:
    text, number = sa.String, sa.Double
    return [
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("target", text, nullable=False),
        sa.Column("event", text, nullable=False),
        sa.Column("at", number, nullable=False),
        sa.Column("alarm_id", sa.Integer),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_try", number, nullable=False),
        sa.Column("outcome", text),
        sa.Column("done_at", number),
        sa.Column("reason", text),
    ]
