"""The tables of what people are to be told, and of the floods in which they are told less."""

from __future__ import annotations

import sqlalchemy as sa


def outbox_of(metadata: sa.MetaData) -> sa.Table:
    """Messages; a row is written with the transaction that decides it and never loses its id."""
    outbox = sa.Table(
        "outbox",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),  # detector clock, when it was decided
        sa.Column("alarm_id", sa.Integer),  # none: of a flood
        sa.Column("content", sa.JSON, nullable=False),  # the alarm, or the flood, as it was then
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_try", sa.Double, nullable=False),
        sa.Column("outcome", sa.String),  # none: it waits
        sa.Column("done_at", sa.Double),
        sa.Column("reason", sa.String),  # of the last failure
        sa.Index("outbox_of_target", "target", "at"),
        sqlite_autoincrement=True,
    )
    is_waiting = outbox.c.outcome.is_(None)
    sa.Index("outbox_waiting", outbox.c.target, outbox.c.id, sqlite_where=is_waiting,
             postgresql_where=is_waiting)  # fmt: skip
    return outbox


def floods_of(metadata: sa.MetaData) -> sa.Table:
    """Targets that are told of a flood instead of each alarm in it."""
    return sa.Table("floods", metadata,
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("since", sa.Double, nullable=False))  # fmt: skip
