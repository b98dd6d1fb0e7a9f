"""Commits leave the log of SQLite to others, who move it into the file."""

from __future__ import annotations

from detector.store import frames as stored
from detector.store.connecting import file_of
from detector.store.keeping import checkpoints
from detector.store.keeping.checkpoints import (
    FEW,
    LONG,
    Checkpoints,
    begin_anew,
    leave_to_others,
)
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.stores.machine import frame


def test_a_commit_leaves_the_log_alone_until_somebody_moves_it(tmp_path, monkeypatch):
    """And a thread does."""
    monkeypatch.setattr(checkpoints, "OFTEN_S", 0.0)
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    leave_to_others(store)
    before = file_of(store).stat().st_size
    with store.begin() as connection:
        stored.write(connection, [frame(n=500_000)])
    assert file_of(store).stat().st_size == before
    mover = Checkpoints(store)
    assert mover.make() > FEW
    assert file_of(store).stat().st_size > before + 10_000_000
    with store.begin() as connection:
        stored.write(connection, [frame(n=100_000, device="press-2")])
    size = file_of(store).stat().st_size
    mover.start()
    wait_for(lambda: file_of(store).stat().st_size > size, 5, "the thread moves it")
    mover.stop()
    store.dispose()


def log_pages(store):
    """Of the log that is in use."""
    with store.connect() as connection:
        return connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()[1]


def write_one(store, number):
    """A commit of a few pages."""
    with store.begin() as connection:
        stored.write(connection, [frame(device=f"press-{number}")])


def test_a_long_log_begins_anew_though_somebody_has_just_written(tmp_path):
    """Beside sustained writing it never does by itself; its file stays as long as it is."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    leave_to_others(store)
    with store.begin() as connection:
        stored.write(connection, [frame(n=500_000)])
    log = file_of(store).with_name("store.db-wal")
    long = log.stat().st_size
    with store.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT count(*) FROM frames")
        write_one(store, 1)
        begin_anew(store)  # somebody needs what is there
        write_one(store, 2)
        assert log_pages(store) > LONG
    begin_anew(store)
    write_one(store, 3)
    assert log_pages(store) < LONG
    assert log.stat().st_size >= long
    store.dispose()
