"""Rows into PostgreSQL, those that are there left as they are: many at once by COPY."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

MANY = 200  # rows from which COPY is quicker; see benchmarks/stores/postgresql.py

Rows = Sequence[Mapping[str, Any]]


def insert_new(connection: Connection, table: sa.Table, rows: Rows) -> int:
    """Insert rows in their order, but none that meets a unique key; returns how many were new.

    Args:
        connection: Inside a transaction.
        table: Where to.
        rows: All with the same columns.
    """
    sent = [as_sent(table, row) for row in rows]
    return (copy if len(sent) >= MANY else insert)(connection, table, sent)


def insert(connection: Connection, table: sa.Table, rows: Rows) -> int:
    """One statement after the other, without waiting for each answer."""
    places = ", ".join(f"%({name})s" for name in rows[0])
    with _driver(connection).cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table.name} ({_names(rows)}) VALUES ({places}) "  # noqa: S608 -- ours
            "ON CONFLICT DO NOTHING",
            rows,
        )
        return int(cursor.rowcount)


def copy(connection: Connection, table: sa.Table, rows: Rows) -> int:
    """By COPY to a table of the connection's own: COPY itself stops at a key that is there."""
    names, coming = _names(rows), f"{table.name}_coming"
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS {coming} ON COMMIT DELETE ROWS AS "  # noqa: S608 -- ours
        f"SELECT {names}, 0 AS place FROM {table.name} WITH NO DATA"
    )
    connection.exec_driver_sql(f"DELETE FROM {coming}")  # noqa: S608 -- of the same transaction
    statement = f"COPY {coming} ({names}, place) FROM STDIN (FORMAT BINARY)"
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copying:
        copying.set_types([*(_kind(connection, table.c[name]) for name in rows[0]), "integer"])
        for place, row in enumerate(rows):
            copying.write_row([*row.values(), place])
    return connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {coming} ORDER BY place "  # noqa: S608
        "ON CONFLICT DO NOTHING"
    ).rowcount


def _driver(connection: Connection) -> Any:  # noqa: ANN401 -- psycopg's, which SQLite needs not
    """The driver's own connection; its transaction is one that SQLAlchemy ends."""
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.driver_connection


def _names(rows: Rows) -> str:
    return ", ".join(f'"{name}"' for name in rows[0])


def as_sent(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with JSON as its text."""
    return {
        name: json.dumps(value) if isinstance(table.c[name].type, sa.JSON) else value
        for name, value in row.items()
    }


def _kind(connection: Connection, column: sa.Column[Any]) -> str:
    """How PostgreSQL calls the type that a column is sent as."""
    name = column.type.compile(connection.dialect).lower()
    return "text" if name in {"varchar", "json"} else name
