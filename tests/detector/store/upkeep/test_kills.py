"""A migration or a backup that is killed leaves the store whole, and at last nothing else."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing

import alembic.command  # noqa: F401 -- here, or each child imports it anew
import pytest

from detector.store.connecting import BACKUP_MARK
from detector.store.schema import open_store
from detector.store.upkeep import backup
from detector.store.upkeep.backup import back_up
from detector.store.upkeep.migrating import migrate
from detector.store.versions import VERSION
from tests.support.stores import golden_store
from tests.support.stores.kills import was_killed

KILLS = 10
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


COUNT = (
    "SELECT (SELECT count(*) FROM frames), (SELECT count(*) FROM alarms), "
    "(SELECT count(*) FROM alarm_log), (SELECT count(*) FROM commands), "
    "(SELECT count(*) FROM births)"
)


def facts(path):
    """Whether a file is whole, and how much of what it holds."""
    with closing(sqlite3.connect(path)) as connection:
        [sound] = connection.execute("PRAGMA quick_check").fetchone()
        return sound, connection.execute(COUNT).fetchone()


def migrated(path):
    """By a process that does nothing else."""
    store = open_store(f"sqlite:///{path}", may_be_older=True)
    migrate(store, "me")
    store.dispose()


def test_a_migration_killed_anywhere_leaves_the_old_store_or_the_new_one(tmp_path):
    """Ten times, over all of its more than a hundred steps; each begins with what the last left."""
    path = _older(tmp_path / "store.db")
    whole = facts(path)
    for number in range(KILLS):
        assert was_killed(lambda: migrated(path), 1 + 11 * number)
        assert facts(path) == whole
    migrated(path)
    assert facts(path) == whole
    with open_store(f"sqlite:///{path}").connect() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM faultline_version").scalar()
    assert found == VERSION
    assert all(facts(copy) == whole for copy in tmp_path.glob(f"store.db{BACKUP_MARK}*"))
    assert not list(tmp_path.glob(f".store.db*{backup.UNFINISHED}*"))


def _older(path):
    golden_store.load("0000", path)
    return path


def test_a_backup_killed_anywhere_is_there_whole_or_not_at_all(tmp_path):
    """Ten times; what it leaves is cleared away by the next, whatever that is called."""
    golden_store.load(VERSION, tmp_path / "store.db")
    whole = facts(tmp_path / "store.db")

    def act(name):
        store = open_store(f"sqlite:///{tmp_path}/store.db")
        back_up(store, tmp_path / name, force=True)
        store.dispose()

    killed = leaving = 0
    for step in range(100):
        if not was_killed(lambda: act("copy.db"), step):
            break
        killed += 1
        leaving = step if list(tmp_path.glob(f".*{backup.UNFINISHED}*")) else leaving
        assert facts(tmp_path / "store.db") == whole
        if (tmp_path / "copy.db").exists():
            assert facts(tmp_path / "copy.db") == whole
    assert killed >= KILLS
    assert was_killed(lambda: act("copy.db"), leaving)
    left = list(tmp_path.glob(f".*{backup.UNFINISHED}*"))
    assert left
    (made_now := tmp_path / f".now.db{backup.UNFINISHED}").touch()
    for one in left:
        os.utime(one, (0, time.time() - backup.DEAD_S - 1))
    act("another.db")
    assert facts(tmp_path / "copy.db") == facts(tmp_path / "another.db") == whole
    assert list(tmp_path.glob(f".*{backup.UNFINISHED}*")) == [made_now]
