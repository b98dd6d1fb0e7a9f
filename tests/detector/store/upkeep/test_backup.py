"""Copies of a store: consistent while it is written, checked, and never in the way of another."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from detector.errors import StoreError
from detector.store.connecting import newest_backup
from detector.store.schema import open_store
from detector.store.upkeep import backup
from detector.store.upkeep.backup import back_up, refuse_not_copied
from detector.store.versions import VERSION
from tests.conftest import wait_for
from tests.support.stores import golden_store

PROJECT = Path(__file__).resolve().parents[4]

# Two tables, one commit: wherever they differ, half a commit was seen.
WRITE = """
import sys, time
from detector.store import births, commands
from detector.store.schema import open_store
store, i = open_store(sys.argv[1]), 0
while True:
    with store.begin() as connection:
        commands.issue(connection, "m", "threshold", {"threshold": i}, "x" * 5000)
        births.write(connection, {f"topic/{i}": b"x" * 5000})
    i += 1
"""


@pytest.fixture
def store(tmp_path):
    """With the content of the golden one."""
    golden_store.load(VERSION, tmp_path / "faultline.db")
    made = open_store(f"sqlite:///{tmp_path}/faultline.db", may_be_older=True)
    yield made
    made.dispose()


def rows(path):
    """How many commands and births a store holds."""
    with closing(sqlite3.connect(path)) as connection:
        counts = "SELECT (SELECT count(*) FROM commands), (SELECT count(*) FROM births)"
        return list(connection.execute(counts).fetchone())


def test_a_copy_is_of_one_moment_however_much_is_written(tmp_path, store, monkeypatch):
    """One commit after the other by another process, between any two pages copied."""
    monkeypatch.setattr(backup, "PAGES", 1)
    source, copy, steps = tmp_path / "faultline.db", tmp_path / "copy.db", []
    writer = subprocess.Popen([sys.executable, "-c", WRITE, f"sqlite:///{source}"], cwd=PROJECT)
    try:
        wait_for(lambda: rows(source)[0] > 50, 30, "it is written to")
        before = rows(source)

        def look(done, total):
            steps.append((done, total))
            if len(steps) == 20:
                seen = rows(source)
                wait_for(lambda: rows(source)[0] > seen[0] + 20, 30, "written to meanwhile")

        back_up(store, copy, tell=look)
        after = rows(source)
    finally:
        writer.kill()
        writer.wait(10)
    copied = rows(copy)
    assert copied[0] == copied[1]
    assert before[0] <= copied[0] < after[0] - 20
    assert len(steps) == steps[-1][0] == steps[-1][1]


def test_a_copy_lies_alone(tmp_path, store):
    """Nothing half done beside it, and nothing of what an open database keeps."""
    copy = tmp_path / "copy.db"
    assert back_up(store, copy) == copy.stat().st_size
    assert {path.name for path in tmp_path.glob("*copy*")} == {"copy.db"}


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path, store):
    """Whatever it is."""
    copy = tmp_path / "copy.db"
    copy.write_text("precious")
    with pytest.raises(StoreError, match=r"copy\.db: exists, allowed: another name, or --force"):
        back_up(store, copy)
    assert copy.read_text() == "precious"
    back_up(store, copy, force=True)
    assert rows(copy) == [1, 1]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("faultline.db", "it is the store itself"),
        ("faultline.db-wal", "it is the store itself"),
        ("../{folder}/faultline.db", "it is the store itself"),
        ("none/copy.db", "no folder"),
        ("folder", "exists, allowed: a file"),
        ("/dev/null", "exists, allowed: a file"),
        ("open.db", "found open.db-wal too, allowed: a closed file"),
    ],
)
def test_no_copy_is_made_where_it_would_do_harm(tmp_path, store, name, line):
    """Forced or not, in one line."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "open.db-wal").touch()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StoreError, match=line) as caught:
        back_up(store, tmp_path / name.format(folder=tmp_path.name), force=True)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


def test_a_disk_without_room_is_told_before_anything_is_written(tmp_path, store, monkeypatch):
    """Room for the whole and some more."""
    monkeypatch.setattr(backup, "MARGIN_BYTES", 10**18)
    with pytest.raises(StoreError, match=r"needs [\d,]+ MB, found [\d,]+ MB free"):
        back_up(store, tmp_path / "copy.db")
    assert not list(tmp_path.glob("*copy*"))


def test_the_copy_of_a_damaged_store_is_refused(tmp_path, store):
    """It is checked, and a file that is none is worse than none."""
    store.dispose()
    path = tmp_path / "faultline.db"
    half = path.stat().st_size // 2
    with path.open("r+b") as file:
        file.seek(half)
        file.write(b"\xff" * half)
    with pytest.raises(StoreError, match="damaged"):
        back_up(store, tmp_path / "copy.db")
    assert not list(tmp_path.glob("*copy*"))


def test_a_store_that_is_no_file_has_other_means():
    """PostgreSQL's own, without its driver being needed; of memory there is none."""
    with pytest.raises(StoreError, match="`pg_dump") as caught:
        refuse_not_copied("postgresql+psycopg://ann:secret@host/plant")
    assert "secret" not in str(caught.value)
    with pytest.raises(StoreError, match="is no file"):
        back_up(open_store("sqlite://"), Path("copy.db"))


def test_the_newest_backup_is_found(tmp_path):
    """Among those of the same store."""
    path = tmp_path / "faultline.db"
    assert newest_backup(path) is None
    for name in ("faultline.db.backup-0001-b", "faultline.db.backup-0000-a", "x.db.backup-0009-z"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "faultline.db.backup-0001-b", (1, 1))
    assert newest_backup(path).name == "faultline.db.backup-0000-a"
