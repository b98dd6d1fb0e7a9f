"""Alarms with a life: states, answers, what the rule remembers, holds, levels of the score.

An alarm of before that has ended is over: nobody is asked to answer it now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

LIFE = "UPDATE alarms SET life = 'unacknowledged' WHERE state = 'active'"
TOLD = (
    "UPDATE alarms SET raised_at = (SELECT MIN(at) FROM alarm_log "
    "WHERE alarm_id = alarms.id AND transition = 'raised') WHERE kind <> 'provisional'"
)


def upgrade() -> None:
    """Add columns to the alarms, and three tables."""
    for column in _columns():
        op.add_column("alarms", column)
    op.create_index("alarms_by_life", "alarms", ["life"])
    op.execute(LIFE)
    op.execute(TOLD)
    _add_tables()


def _columns() -> list[sa.Column[str] | sa.Column[float]]:
    text, number = sa.String, sa.Double
    return [
        sa.Column("life", text, nullable=False, server_default="normal"),
        sa.Column("priority", text, nullable=False, server_default="medium"),
        sa.Column("peak_ts", number),
        sa.Column("sentence", text, nullable=False, server_default=""),
        sa.Column("raised_at", number),
        sa.Column("acknowledged_at", number),
        sa.Column("acknowledged_by", text),
        sa.Column("ended_by", text),
        sa.Column("verdict", text),
        sa.Column("cause", text),
    ]


def _add_tables() -> None:
    op.create_table(
        "alarm_memory",
        sa.Column("device", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("memory", sa.JSON, nullable=False),
    )
    op.create_table(
        "alarm_holds",
        sa.Column("device", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("life", sa.String, primary_key=True),
        sa.Column("until", sa.Double),
        sa.Column("one_shot", sa.Boolean, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("why", sa.String),
    )
    op.create_table(
        "score_levels",
        sa.Column("device", sa.String, primary_key=True),
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("hour", sa.Integer, primary_key=True),
        sa.Column("level", sa.Double, nullable=False),
    )
