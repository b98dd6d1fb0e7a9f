"""Many rows into a table of SQLite at once, past what SQLAlchemy does anew for each of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

Rows = Sequence[Mapping[str, Any]]


def insert_all(connection: Connection, table: sa.Table, rows: Rows, meeting: str = "IGNORE") -> int:
    """Insert rows; returns how many were written.

    Args:
        connection: To SQLite, inside a transaction.
        table: Where to; columns of JSON hold lists of names, or mappings.
        rows: All with the same columns in the same order.
        meeting: What becomes of one that meets a unique key: ``IGNORE`` or ``REPLACE``.
    """
    names = tuple(rows[0])
    statement, json_at = _statement(table, names, meeting)
    sent = [list(row.values()) for row in rows]
    for row in sent:
        for place in json_at:
            row[place] = _text(row[place])
    return int(connection.exec_driver_sql(statement, [tuple(row) for row in sent]).rowcount)


def _text(value: object) -> object:
    if isinstance(value, list):
        return _names(tuple(value))
    return None if value is None else json.dumps(value)


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> str:
    """Features: the same come again with every frame."""
    return json.dumps(names)


@lru_cache(maxsize=64)
def _statement(
    table: sa.Table, names: tuple[str, ...], meeting: str
) -> tuple[str, tuple[int, ...]]:
    """What is said to the driver, and the places of JSON in it."""
    columns = ", ".join(f'"{name}"' for name in names)
    places = ", ".join("?" * len(names))
    json_at = tuple(at for at, name in enumerate(names) if isinstance(table.c[name].type, sa.JSON))
    statement = f"INSERT OR {meeting} INTO {table.name} ({columns}) VALUES ({places})"  # noqa: S608
    return statement, json_at
