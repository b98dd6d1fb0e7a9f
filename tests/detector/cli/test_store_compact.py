"""``store compact``: what a detector does by and by, at once."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from detector.__main__ import main
from detector.store import devices
from detector.store import frames as stored
from detector.store.schema import open_store
from tests.support.stores.disk import disk
from tests.support.stores.lease import renewed
from tests.support.stores.machine import START, frame, frames

BLOCKS = [
    *frames(2 * 3600, rate=1.0, arrival=START),  # long ago
    frame(START + 7200, 100, seed=7, arrival=time.time()),  # just now
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the command runs, with two old hours and a new minute of a device."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAULTLINE_STORE__RETENTION_DAYS", "3650")
    fill("sqlite:///faultline.db")
    return tmp_path


def fill(url):
    """Store the blocks."""
    store = open_store(url)
    with store.begin() as connection:
        stored.write(connection, BLOCKS)
    store.dispose()


def hot_samples(url="sqlite:///faultline.db"):
    """How many are in the tables."""
    store = open_store(url)
    with store.connect() as connection:
        count = sum(len(f.ts) for f in stored.between(connection, "press-1", -np.inf, np.inf))
    store.dispose()
    return count


@pytest.mark.parametrize(("options", "archived"), [([], 7200), (["--all"], 7300)])
def test_what_is_due_goes_to_the_archive(folder, capsys, options, archived):
    """Whole hours; with --all everything up to the newest sample; a second time nothing."""
    assert main(["store", "compact", *options]) == 0
    assert capsys.readouterr().out.startswith(f"archived: {archived:,} samples, ")
    assert hot_samples() == 7300 - archived
    table = pd.read_parquet(folder / "archive")
    np.testing.assert_array_equal(
        table.sort_values("time")["a"], np.concatenate([b.values[:, 0] for b in BLOCKS])[:archived]
    )
    assert main(["store", "compact", *options]) == 0
    assert capsys.readouterr().out.startswith("archived: 0 samples, ")


def pragma(name):
    """What SQLite says of the file."""
    with closing(sqlite3.connect("faultline.db")) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_the_file_shrinks_and_can_from_then_on(folder):
    """One that was made before files could too."""
    with closing(sqlite3.connect("faultline.db")) as connection:
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
    before, could = (folder / "faultline.db").stat().st_size, pragma("auto_vacuum")
    assert main(["store", "compact", "--all"]) == 0
    assert (folder / "faultline.db").stat().st_size < before / 2
    assert (could, pragma("auto_vacuum")) == (0, 2)


def test_a_new_store_can_shrink(folder):
    """From the beginning."""
    assert pragma("auto_vacuum") == 2


def test_beside_a_detector_it_is_refused(folder, capsys, monkeypatch):
    """In one line; nothing is done."""
    monkeypatch.setattr(devices, "LEASE_S", 0.3)
    store = open_store("sqlite:///faultline.db")
    with renewed(store, "another"):
        assert main(["store", "compact"]) == 2
    store.dispose()
    assert "another detector" in capsys.readouterr().err
    assert hot_samples() == 7300


@pytest.fixture
def small_disk(tmp_path):
    """A file system with 3 MB."""
    with disk(tmp_path / "disk", 3) as made:
        yield made.folder


def test_a_disk_that_is_full_is_one_line_and_loses_nothing(folder, small_disk, capsys, monkeypatch):
    """Once there is room it goes on."""
    monkeypatch.setenv("FAULTLINE_STORE__ARCHIVE", str(small_disk / "archive"))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(3 * 2**20 - 64 * 1024))
    assert main(["store", "compact"]) == 2
    err = capsys.readouterr().err
    assert "No space left on device" in err
    assert err.count("\n") == 1
    assert not list(small_disk.rglob("*.part"))
    closed = pd.read_parquet(small_disk / "archive") if list(small_disk.rglob("*.parquet")) else ()
    assert hot_samples() + len(closed) == 7300
    ballast.unlink()
    assert main(["store", "compact"]) == 0
    assert (hot_samples(), len(pd.read_parquet(small_disk / "archive"))) == (100, 7200)
