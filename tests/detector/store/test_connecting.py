"""Connections to a store stand in nobody's way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

from detector.service.keeping import rules_of
from detector.settings.store import StoreSettings
from detector.store.archive.place import place_at
from detector.store.measuring.usage import measure
from detector.store.schema import open_store
from detector.store.upkeep.backup import back_up

WRITE = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("INSERT INTO births VALUES ('topic', x'00')")
store.commit()
store.close()
"""


def test_whatever_is_opened_and_closed_leaves_the_locks_of_others(tmp_path):
    """Of the same process: without them a writer elsewhere takes the log away that they read."""
    path = tmp_path / "faultline.db"
    url = f"sqlite:///{path}"
    open_store(url).dispose()
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT count(*) FROM births").fetchall()
        for options in ({}, {"may_be_older": True}, {"must_exist": True}):
            open_store(url, **options).dispose()
        store = open_store(url)
        back_up(store, tmp_path / "copy.db")
        measure(store, place_at(str(tmp_path)), rules_of(StoreSettings()), 1.8e9)
        store.dispose()
        subprocess.run([sys.executable, "-c", WRITE, str(path)], check=True, timeout=30)
        assert (tmp_path / "faultline.db-wal").exists()
        assert reader.execute("SELECT topic FROM births").fetchall() == [("topic",)]


def test_what_is_deleted_is_not_written_over(tmp_path):
    """Some builds of SQLite do, with the lock held for as long."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    with store.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 0
    store.dispose()
