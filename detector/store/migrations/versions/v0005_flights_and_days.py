"""Which alarms have a flight record; in PostgreSQL, frames in one partition a day.

There the frames of before become one partition as they are, and their numbers go beyond 2^31.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

DAY_S = 86_400


def upgrade() -> None:
    """Add a table, and divide another."""
    op.create_table(
        "flights",
        sa.Column("alarm_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("samples", sa.Integer, nullable=False),
        sa.Column("is_finished", sa.Boolean, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _divide(int(time.time() // DAY_S) + 1)


def _divide(tomorrow: int) -> None:
    """Frames until the end of today, and earlier ones, are one partition; later ones are others."""
    bind = op.get_bind()
    indexes = sa.inspect(bind).get_indexes("frames")
    definitions = {
        name: bind.execute(sa.text("SELECT pg_get_indexdef(:name ::regclass)"), {"name": name})
        for name in (one["name"] for one in indexes if not one.get("duplicates_constraint"))
    }
    made = [(name, str(found.scalar_one())) for name, found in definitions.items()]
    before = datetime.fromtimestamp(tomorrow * DAY_S, UTC).strftime("frames_before_%Y%m%d")
    end = tomorrow * DAY_S
    for statement in (
        "ALTER TABLE frames DROP CONSTRAINT frames_pkey",
        "ALTER TABLE frames ALTER COLUMN id TYPE bigint",
        "ALTER SEQUENCE frames_id_seq AS bigint",
        f"ALTER TABLE frames RENAME TO {before}",
        f"ALTER TABLE {before} RENAME CONSTRAINT frames_once TO {before}_once",
        *(
            f"ALTER INDEX {name} RENAME TO {before}_{number}"
            for number, (name, _) in enumerate(made)
        ),
        f"CREATE TABLE frames (LIKE {before} INCLUDING DEFAULTS) PARTITION BY RANGE (start)",
        "ALTER SEQUENCE frames_id_seq OWNED BY frames.id",
        f"ALTER TABLE {before} ALTER COLUMN id DROP DEFAULT",
        "ALTER TABLE frames ADD PRIMARY KEY (id, start), "
        "ADD CONSTRAINT frames_once UNIQUE (device, start)",
        *(definition for _, definition in made),
        "CREATE TABLE frames_other PARTITION OF frames DEFAULT",
        f"WITH later AS (DELETE FROM {before} WHERE start >= {end} RETURNING *) "  # noqa: S608
        "INSERT INTO frames_other SELECT * FROM later",
        f"ALTER TABLE frames ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ({end})",
    ):
        bind.exec_driver_sql(statement)
