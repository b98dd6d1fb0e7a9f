"""The tables of Faultline 0.1, as they were when versions began.

What is there stays as it is: a store of 0.1 may lack ``births`` and ``unused``, or nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

metadata = sa.MetaData()

sa.Table(
    "frames",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("device", sa.String, nullable=False),
    sa.Column("start", sa.Double, nullable=False),
    sa.Column("end", sa.Double, nullable=False),
    sa.Column("session", sa.String, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("ts", sa.LargeBinary, nullable=False),
    sa.Column("sample_values", sa.LargeBinary, nullable=False),
    sa.Column("reconstruction", sa.LargeBinary, nullable=False),
    sa.Column("score", sa.LargeBinary, nullable=False),
    sa.Column("mse", sa.LargeBinary, nullable=False),
    sa.Column("judged", sa.LargeBinary, nullable=False),
    sa.Column("threshold", sa.Double, nullable=False),
    sa.Column("contributions", sa.LargeBinary, nullable=False),
    sa.Column("arrival", sa.Double, nullable=False),
    sa.UniqueConstraint("device", "start", name="frames_once"),
    sa.Index("frames_of_device", "device", "id"),
    sa.Index("frames_by_arrival", "arrival"),
    sqlite_autoincrement=True,
)

sa.Table(
    "devices",
    metadata,
    sa.Column("device", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String),
    sa.Column("score", sa.Double),
    sa.Column("mse", sa.Double),
    sa.Column("threshold", sa.Double, nullable=False),
    sa.Column("last_ts", sa.Double, nullable=False),
    sa.Column("last_arrival", sa.Double, nullable=False),
    sa.Column("rate_hz", sa.Double),
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("model", sa.JSON),
    sa.Column("counters", sa.JSON, nullable=False),
)

sa.Table(
    "alarms",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("device", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("start", sa.Double, nullable=False),
    sa.Column("end", sa.Double),
    sa.Column("peak_score", sa.Double, nullable=False),
    sa.Column("contributions", sa.JSON, nullable=False),
    sa.Column("model", sa.String, nullable=False),
    sa.Column("threshold", sa.Double, nullable=False),
    sa.Index("alarms_of_device", "device", "start"),
    sa.Index("alarms_by_state", "state"),
    sqlite_autoincrement=True,
)

sa.Table(
    "alarm_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("alarm_id", sa.ForeignKey("alarms.id"), nullable=False, index=True),
    sa.Column("transition", sa.String, nullable=False),
    sa.Column("ts", sa.Double, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("published", sa.Boolean, nullable=False, index=True),
    sqlite_autoincrement=True,
)

sa.Table(
    "commands",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("device", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("issued_at", sa.Double, nullable=False),
    sa.Column("applied_at", sa.Double, index=True),
    sa.Column("outcome", sa.String),
    sqlite_autoincrement=True,
)

sa.Table(
    "births",
    metadata,
    sa.Column("topic", sa.String, primary_key=True),
    sa.Column("payload", sa.LargeBinary, nullable=False),
)

sa.Table(
    "unused",
    metadata,
    sa.Column("topic", sa.String, primary_key=True),
    sa.Column("entries", sa.JSON, nullable=False),
)

sa.Table(
    "lease",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("renewed_at", sa.Double, nullable=False),
    sa.Column("connection", sa.String, nullable=False),
    sa.Column("counters", sa.JSON, nullable=False),
)


def upgrade() -> None:
    """Make the tables that are missing."""
    metadata.create_all(op.get_bind())
