"""A write that begins as soon as it may, beside another process's."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time

import pytest
import sqlalchemy as sa

from detector.store import writing as module
from detector.store.schema import StoreFailure, open_store
from detector.store.writing import writing


@pytest.fixture
def store(tmp_path):
    """An SQLite store."""
    opened = open_store(f"sqlite:///{tmp_path}/faultline.db")
    yield opened
    opened.dispose()


def busy(store, until):
    """Another writer that takes the store again and again, and lets go for a moment."""
    other = sqlite3.connect(store.url.database, timeout=0, isolation_level=None)
    while not until.is_set():
        with contextlib.suppress(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE")
            until.wait(0.02)
            other.execute("ROLLBACK")
        time.sleep(0.004)
    other.close()


def test_it_gets_its_turn_beside_a_busy_writer(store):
    """Each transaction has the lock from its beginning: what it reads is what it writes on."""
    over = threading.Event()
    other = threading.Thread(target=busy, args=(store, over))
    other.start()
    try:
        for n in range(20):
            with writing(store) as connection:
                found = connection.scalar(sa.text("SELECT count(*) FROM births"))
                connection.execute(sa.text("INSERT INTO births VALUES (:n, 'x')"), {"n": found})
                assert found == n
    finally:
        over.set()
        other.join()
    with store.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 10_000


def test_a_store_that_stays_locked_is_told_as_ever(store, monkeypatch):
    """And the connection is good for the next one."""
    monkeypatch.setattr(module, "LOCKED_S", 0.05)
    other = sqlite3.connect(store.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailure, match="locked"), writing(store):
        pass
    other.execute("ROLLBACK")
    other.close()
    with writing(store) as connection:
        connection.execute(sa.text("INSERT INTO births VALUES ('a', 'x')"))


def test_what_fails_inside_leaves_nothing(store):
    """It is one transaction."""
    with contextlib.suppress(ZeroDivisionError), writing(store) as connection:
        connection.execute(sa.text("INSERT INTO births VALUES ('a', 'x')"))
        raise ZeroDivisionError
    with store.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM births")) == 0
