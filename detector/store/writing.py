"""Transactions of whoever must not wait long: begun as soon as the store is free.

SQLite lets one write at a time, and whoever waits for it sleeps longer and longer between two
looks, up to a tenth of a second, while the lock is free for milliseconds again and again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy.engine import Connection, Engine

from detector.store.connecting import LOCKED_S

LOOK_S = 0.001  # between two


@contextmanager
def writing(store: Engine) -> Iterator[Connection]:
    """One transaction that has the right to write from its beginning on.

    Args:
        store: Open. Of another database than SQLite it is a usual transaction.

    Raises:
        OperationalError: If others hold an SQLite store locked for 10 s.
    """
    with store.begin() as connection:
        if store.dialect.name == "sqlite":
            _lock(connection)
        yield connection


@contextmanager
def patient_for(connection: Connection, milliseconds: int) -> Iterator[None]:
    """Wait for locks of an SQLite store no longer than this, and afterwards as long as before."""
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    before = driver.execute("PRAGMA busy_timeout").fetchone()[0]
    driver.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={before}")


def _lock(connection: Connection) -> None:
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    deadline = time.monotonic() + LOCKED_S
    with patient_for(connection, 0):
        while time.monotonic() < deadline:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(LOOK_S)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # tells what is wrong as all else does
