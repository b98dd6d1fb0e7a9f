"""Many rows at once into PostgreSQL: by COPY, those that are there left as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

FEWEST = 8  # rows from which it is quicker than one statement after the other


def insert_new(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows in their order, but none that meets a unique key; returns how many were new.

    They go to a table of the connection's own first: COPY itself stops at a key that is there.

    Args:
        connection: Inside a transaction.
        table: Where to.
        rows: All with the same columns, as the driver takes them.
    """
    names = ", ".join(f'"{name}"' for name in rows[0])
    coming = f"{table.name}_coming"
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS {coming} ON COMMIT DELETE ROWS AS "  # noqa: S608 -- names of ours
        f"SELECT {names}, 0 AS place FROM {table.name} WITH NO DATA"
    )
    _copy(connection, f"COPY {coming} ({names}, place) FROM STDIN (FORMAT BINARY)", table, rows)
    return connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {coming} ORDER BY place "  # noqa: S608
        "ON CONFLICT DO NOTHING"
    ).rowcount


def _copy(
    connection: Connection, statement: str, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    kinds = [_kind(connection, table.c[name]) for name in rows[0]]
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([*kinds, "integer"])
        for place, row in enumerate(rows):
            copy.write_row([*row.values(), place])


def _kind(connection: Connection, column: sa.Column[Any]) -> str:
    """How PostgreSQL calls the type of a column."""
    name = column.type.compile(connection.dialect).lower()
    return {"varchar": "text"}.get(name, name)
