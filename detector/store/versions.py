"""Which version of the tables a store has, told without Alembic, which takes time to import."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.errors import StoreError
from detector.store.connecting import shown

VERSION = "0009"  # of this program: the newest migration
UNVERSIONED = "0000"  # a store of Faultline 0.1
VERSION_TABLE = "faultline_version"  # Alembic's, under a name that no other program has

version_table = sa.table(VERSION_TABLE, sa.column("version_num", sa.String))

# The columns of 0.1. A store of its first days has no table of the last two.
COLUMNS = {
    "frames": "id device start end session n features ts sample_values reconstruction score mse "
    "judged threshold contributions arrival",
    "devices": "device state reason score mse threshold last_ts last_arrival rate_hz features "
    "model counters",
    "alarms": "id device kind state start end peak_score contributions model threshold",
    "alarm_log": "id alarm_id transition ts at published",
    "commands": "id device kind value who issued_at applied_at outcome",
    "lease": "id owner renewed_at connection counters",
    "births": "topic payload",
    "unused": "topic entries",
}
LATER = {"births", "unused"}


def version_of(connection: Connection) -> str | None:
    """The version of a store; None: it is empty.

    Raises:
        StoreError: If the tables are another program's.
    """
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return _unversioned(connection)
    found = connection.execute(sa.select(version_table)).scalar()
    if found is None or not re.fullmatch(r"\d{4}", found):
        raise _refusal(
            connection, f"version {found or '(none)'} of its tables, allowed: 0001 to {VERSION}"
        )
    return str(found)


def write_version(connection: Connection) -> None:
    """Note in a store just made that it is of this program's version."""
    made = sa.Table(
        VERSION_TABLE,
        sa.MetaData(),
        sa.Column("version_num", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),  # Alembic's name
    )
    made.create(connection)
    connection.execute(made.insert().values(version_num=VERSION))


def refuse_newer(connection: Connection, found: str) -> None:
    """Refuse a store of a program that is newer than this one.

    Raises:
        StoreError: In one line.
    """
    if found > VERSION:
        raise _refusal(
            connection,
            f"version {found}, of a newer Faultline, allowed: up to {VERSION}; run the newer one, "
            "or put the backup from before its first start in place",
        )


def refuse_older(connection: Connection, found: str) -> None:
    """Refuse a store that must be migrated first.

    Raises:
        StoreError: In one line.
    """
    if found < VERSION:
        raise _refusal(
            connection,
            f"version {found}, of an older Faultline, allowed: {VERSION}; `faultline serve` brings "
            "it there at its start, `faultline store migrate` while none runs",
        )


def _unversioned(connection: Connection) -> str | None:
    inspector = sa.inspect(connection)
    tables = set(inspector.get_table_names())
    ours = tables & set(COLUMNS)
    if not ours and (not tables or connection.dialect.name != "sqlite"):
        return None  # in PostgreSQL a schema may be shared
    found = {table: [one["name"] for one in inspector.get_columns(table)] for table in ours}
    is_ours = all(columns == COLUMNS[table].split() for table, columns in found.items())
    if not is_ours or set(COLUMNS) - LATER - ours:
        raise _foreign(connection, tables)
    return UNVERSIONED


def _foreign(connection: Connection, tables: set[str]) -> StoreError:
    names = sorted(tables)
    listed = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return _refusal(
        connection,
        f"tables of another program ({listed}), allowed: a store of Faultline or an empty one",
    )


def _refusal(connection: Connection, found: str) -> StoreError:
    return StoreError(f"store {shown(connection.engine.url)}: found {found}")
