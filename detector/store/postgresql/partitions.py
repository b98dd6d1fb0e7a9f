"""Frames in PostgreSQL lie in one partition a day, so that a day is dropped at once.

The day is that of the samples: the key that keeps a frame from being stored twice must hold it.
Frames of days without a partition, such as those of a clock that is years off, lie in one for all
the others, and go one by one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)

TABLE, OTHER, BEFORE = "frames", "frames_other", "frames_before"
DAY_S = 86_400
AHEAD = 3  # days from today on that have a partition
# Dropping and adding waits for all who read, and whoever wants to read then waits behind it.
PATIENCE = "100ms"


def divide(connection: Connection, table: sa.Table) -> None:
    """Make the empty table of frames one of partitions."""
    for statement in (
        f"ALTER TABLE {TABLE} RENAME TO frames_plain",
        f"CREATE TABLE {TABLE} (LIKE frames_plain INCLUDING DEFAULTS) PARTITION BY RANGE (start)",
        f"ALTER SEQUENCE frames_id_seq OWNED BY {TABLE}.id",
        "DROP TABLE frames_plain",
        f"ALTER TABLE {TABLE} ADD PRIMARY KEY (id, start), "
        "ADD CONSTRAINT frames_once UNIQUE (device, start)",
        f"CREATE TABLE {OTHER} PARTITION OF {TABLE} DEFAULT",
    ):
        connection.exec_driver_sql(statement)
    for index in table.indexes:
        index.create(connection)


def make_ahead(connection: Connection, now: float) -> None:
    """Make the partitions of today and the next days; one that cannot be made now is left.

    Args:
        connection: Inside a transaction.
        now: UTC seconds.
    """
    there = _partitions(connection)
    made_until = max((end for name, end in there.items() if name.startswith(BEFORE)), default=0)
    today = int(now // DAY_S)
    for day in range(today, today + AHEAD):
        name = f"{TABLE}_{_date(day)}"
        if name in there or day < made_until:
            continue
        with _shortly(connection, f"{name} is made later"):
            connection.exec_driver_sql(
                f"CREATE TABLE {name} PARTITION OF {TABLE} "
                f"FOR VALUES FROM ({day * DAY_S}) TO ({(day + 1) * DAY_S})"
            )


def drop_before(connection: Connection, arrival: float, now: float) -> None:
    """Drop past days whose newest frame came before ``arrival``, and what else came before it.

    A day that is being read is left for the next time.

    Args:
        connection: Inside a transaction.
        arrival: UTC seconds.
        now: UTC seconds.
    """
    for name, end in _partitions(connection).items():
        if end <= now // DAY_S and not _holds_since(connection, name, arrival):
            with _shortly(connection, f"{name} is dropped later"):
                connection.exec_driver_sql(f"DROP TABLE {name}")
        elif name.startswith(BEFORE):
            _delete(connection, name, arrival)
    _delete(connection, OTHER, arrival)


def _partitions(connection: Connection) -> dict[str, int]:
    """By name, the number of the day before which each ends; the one for all others aside."""
    query = "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    rows = connection.exec_driver_sql(f"{query} WHERE i.inhparent = '{TABLE}'::regclass")
    found = {}
    for name in sorted(rows.scalars()):
        if match := re.fullmatch(rf"({TABLE}|{BEFORE})_(\d{{8}})", name):
            found[name] = _day(match[2]) + (match[1] == TABLE)
    return found


def _holds_since(connection: Connection, name: str, arrival: float) -> bool:
    newest = connection.exec_driver_sql(f"SELECT max(arrival) FROM {name}").scalar()  # noqa: S608
    return newest is not None and newest >= arrival


def _delete(connection: Connection, name: str, arrival: float) -> None:
    connection.exec_driver_sql(
        f"DELETE FROM {name} WHERE arrival < %(arrival)s",  # noqa: S608 -- names of ours
        {"arrival": arrival},
    )


@contextmanager
def _shortly(connection: Connection, otherwise: str) -> Iterator[None]:
    """Do something that waits for all who read, or undo it after a moment."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            yield
            connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        logger.info("store: %s (%s)", otherwise, reason)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).strftime("%Y%m%d")


def _day(date: str) -> int:
    moment = datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC)
    return int(moment.timestamp()) // DAY_S
