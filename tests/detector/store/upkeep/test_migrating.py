"""Stores of every version come to the newest one whole, or stay as they were."""

from __future__ import annotations

import dataclasses
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from detector.errors import StoreError
from detector.records import Frame
from detector.store import alarms, births, commands, devices, frames, unused
from detector.store.connecting import alone, connect
from detector.store.schema import open_store
from detector.store.told import detectors
from detector.store.upkeep.migrating import SCRIPTS, migrate, upgrade
from detector.store.versions import VERSION
from tests.conftest import wait_for
from tests.support.stores import golden_store

PROJECT = Path(__file__).resolve().parents[4]
OLDER = [(), ("births",), ("unused",), ("births", "unused")]  # tables that 0.1 once lacked

# Half of it is done when it waits for the file `go`, so that it can be killed there.
SLOW = """
import time
from pathlib import Path
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.add_column("devices", sa.Column("note", sa.String))
    op.execute("UPDATE frames SET session = 'half way'")
    here = Path(__file__).parent
    (here / "reached").touch()
    while not (here / "go").exists():
        time.sleep(0.01)
    op.create_index("devices_by_note", "devices", ["note"])
    op.execute("UPDATE frames SET session = 'new'")
"""
MIGRATE = """
import sys
from pathlib import Path
from detector.store.upkeep.migrating import migrate
from detector.store.schema import open_store
print(migrate(open_store(sys.argv[1], may_be_older=True), "me", versions=Path(sys.argv[2])))
"""


@pytest.fixture
def path(tmp_path):
    """Where a store lies, in a folder whose name means something to nobody but people."""
    folder = tmp_path / "a 100%, [b]"
    folder.mkdir()
    return folder / "faultline.db"


def older(path, missing=()):
    """A store of 0.1; returns its URL."""
    golden_store.load("0000", path)
    with closing(sqlite3.connect(path)) as connection:
        for table in missing:
            connection.execute(f"DROP TABLE {table}")
    return f"sqlite:///{path}"


def migrated(url, **options):
    """Migrate a store and close it."""
    store = open_store(url, may_be_older=True)
    try:
        return migrate(store, "me", **options)
    finally:
        store.dispose()


def refuse_lost(url):
    """Everything that the golden store was made with is there."""
    store = open_store(url)
    with store.connect() as connection:
        found = frames.after(connection, golden_store.DEVICES, 0)
        [alarm] = alarms.listed(connection)
        assert dataclasses.replace(alarm, id=None) == golden_store.ALARM
        assert [row[1] for row in alarms.unpublished(connection)] == ["raised", "cleared"]
        assert commands.thresholds(connection) == {"pump-1": 1.5}
        [status] = devices.every(connection)
        assert status.model == golden_store.CARD
    store.dispose()
    for read, wrote in zip(found, golden_store.written(), strict=True):
        for field in dataclasses.fields(Frame):
            if field.name != "frame_id":
                np.testing.assert_array_equal(getattr(read, field.name), getattr(wrote, field.name))


def content(path):
    """Every table, column, index and row of a store, as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("missing", OLDER, ids=lambda missing: " ".join(missing) or "none")
def test_a_store_of_0_1_keeps_everything(path, missing):
    """Also one of its first days, which lacked tables; the copy beside it is what it was."""
    url = older(path, missing)
    before = content(path)
    done = migrated(url)
    refuse_lost(url)
    assert (done.before, done.after) == ("0000", VERSION)
    assert re.fullmatch(r"faultline\.db\.backup-0000-\d{8}T\d{6}", done.backup.name)
    assert content(done.backup) == before
    store = open_store(url)
    with store.connect() as connection:
        assert births.every(connection) == ({} if "births" in missing else golden_store.BORN)
        left_out = [] if "unused" in missing else [golden_store.LEFT_OUT]
        assert unused.every(connection) == left_out
        assert devices.health(connection).owner == "me"
    store.dispose()


def test_every_version_has_a_golden_store_that_comes_here():
    """The newest included, made by ``tests.support.stores.golden_store``."""
    found = {file.stem for file in golden_store.FOLDER.glob("*.sql")}
    assert found == {"0000"} | {file.name[1:5] for file in (SCRIPTS / "versions").glob("v*.py")}
    assert max(found) == VERSION


@pytest.mark.parametrize("file", sorted(golden_store.FOLDER.glob("*.sql")), ids=lambda f: f.stem)
def test_a_golden_store_comes_to_the_newest_version_whole(path, file):
    """Whatever it was written by."""
    golden_store.load(file.stem, path)
    url = f"sqlite:///{path}"
    done = migrated(url)
    assert (done is None) == (file.stem == VERSION)
    refuse_lost(url)


def test_a_new_store_is_what_the_migrations_make(path, tmp_path):
    """Table by table, index by index; of a store of 0.1, and of nothing at all."""
    url = older(path)
    migrated(url)
    fresh, bare = tmp_path / "fresh.db", tmp_path / "bare.db"
    open_store(f"sqlite:///{fresh}").dispose()
    with alone(connect(f"sqlite:///{bare}")) as connection:
        upgrade(connection, SCRIPTS / "versions")

    assert shape(path) == shape(bare) == shape(fresh)
    assert shape(fresh)["faultline_version"]


def shape(path):
    """What SQLite knows of each table: columns, indexes and their columns, foreign keys.

    Not its text: a column that was added later stands elsewhere in it.
    """
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]  # fmt: skip
        return {name: _facts(connection, name) for name in tables}


def _facts(connection, table):
    def ask(what, of):
        return connection.execute(f'PRAGMA {what}("{of}")').fetchall()

    indexes = {row[1]: (row[2:], ask("index_info", row[1])) for row in ask("index_list", table)}
    [(text,)] = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,))
    return ask("table_info", table), indexes, ask("foreign_key_list", table), (
        "AUTOINCREMENT" in text if text else None
    )  # fmt: skip


def test_the_version_of_the_program_is_the_newest_migration():
    """Opening compares with a word, not with Alembic."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [VERSION]


def test_readers_refuse_an_older_store_and_leave_it(path):
    """In one line that says what brings it here."""
    url = older(path)
    before = path.read_bytes()
    line = r"version 0000, of an older .* `faultline serve`"
    with pytest.raises(StoreError, match=line) as caught:
        open_store(url)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_newer_store_is_refused_by_everybody(path):
    """Even where an older one would be taken."""
    url = f"sqlite:///{path}"
    open_store(url).dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE faultline_version SET version_num = '0999'")
    for may_be_older in (False, True):
        with pytest.raises(StoreError, match="version 0999, of a newer Faultline"):
            open_store(url, may_be_older=may_be_older)


def test_two_processes_make_a_new_store_once(path):
    """The page and the detector are often started together."""
    code = (
        "import sys, time; from detector.store.schema import open_store; "
        "time.sleep(max(0, float(sys.argv[2]) - time.time())); open_store(sys.argv[1])"
    )
    at = str(time.time() + 2)
    command = [sys.executable, "-c", code, f"sqlite:///{path}", at]
    processes = [subprocess.Popen(command, cwd=PROJECT) for _ in range(6)]
    assert [process.wait(60) for process in processes] == [0] * 6


def longer(folder, script):
    """The migrations with one more."""
    folder.mkdir()
    for file in (SCRIPTS / "versions").glob("v*.py"):
        shutil.copy(file, folder)
    next_version = f"{int(VERSION) + 1:04}"
    text = script.replace("0001", VERSION).replace("0002", next_version)
    (folder / f"v{next_version}_more.py").write_text(text)
    return folder


def is_there(path, process):
    """Whether a file is there, of a process that goes on."""
    assert process.poll() is None
    return path.exists()


def test_a_kill_amid_a_migration_leaves_the_old_store(path, tmp_path):
    """Killed with half of it done; the next start does all of it."""
    url = older(path)
    versions = longer(tmp_path / "versions", SLOW)
    before = content(path)
    command = [sys.executable, "-c", MIGRATE, url, str(versions)]
    process = subprocess.Popen(command, cwd=PROJECT)
    wait_for(lambda: is_there(versions / "reached", process), 30, "half of it is done")
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert content(path) == before
    (versions / "go").touch()
    subprocess.run(command, cwd=PROJECT, check=True, timeout=60)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT DISTINCT session FROM frames").fetchall()
        [note] = connection.execute("SELECT note FROM devices").fetchone()
    assert (rows, note) == ([("new",)], None)


def test_a_store_that_other_detectors_write_is_not_migrated(path, tmp_path):
    """They are of the version before; in one line that names them."""
    store = open_store(f"sqlite:///{path}")
    with store.begin() as connection:
        detectors.take(connection, "line 2", "other:1", time.time())
    with pytest.raises(StoreError, match=r"other detectors run on it \(line 2\), allowed: none"):
        migrate(store, "me", versions=longer(tmp_path / "versions", SLOW))
    store.dispose()


def test_a_migration_that_fails_changes_nothing(path, tmp_path):
    """Not even the steps before it."""
    url = older(path)
    before = content(path)
    broken = SLOW.replace("here = Path(__file__).parent", 'op.drop_table("nowhere")')
    with pytest.raises(StoreError, match="no such table: nowhere; it is as before"):
        migrated(url, versions=longer(tmp_path / "versions", broken))
    assert content(path) == before


def test_what_a_killed_backup_left_is_cleared_away(path):
    """The next migration makes its own."""
    url = older(path)
    left = path.with_name(".faultline.db.backup-0000-20260101T000000.faultline-part")
    left.touch()
    other = path.with_name(".other.db.backup-0000-20260101T000000.faultline-part")
    other.touch()
    migrated(url)
    assert (left.exists(), other.exists()) == (False, True)


def test_the_page_and_an_opening_know_nothing_of_alembic(path):
    """It takes time to import, and is needed once a version."""
    code = (
        "import sys, dashboard.context, dashboard.child, detector.cli.stores.store, "
        "detector.service.detector; from detector.store.schema import open_store; "
        "from detector.store.upkeep.migrating import migrate; "
        "assert migrate(open_store(sys.argv[1], may_be_older=True), 'me') is None; "
        "assert 'alembic' not in sys.modules"
    )
    command = [sys.executable, "-c", code, f"sqlite:///{path}"]
    subprocess.run(command, cwd=PROJECT, check=True, timeout=60)
