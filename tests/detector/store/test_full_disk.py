"""A disk that is full at any step of the store: told, nothing changed, and on it goes with room."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from detector.errors import StoreError
from detector.store import frames as stored
from detector.store.archive import closing, flights, hours
from detector.store.archive.flights import Flight, FlightNote
from detector.store.history import rollups
from detector.store.history.rolling import roll
from detector.store.keeping import room
from detector.store.keeping.deciding import ARCHIVE, Drop
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import StoreFailure, open_store
from detector.store.upkeep import reserve
from detector.store.upkeep.backup import back_up
from detector.store.upkeep.migrating import migrate
from detector.store.upkeep.reserve import Reserve
from tests.support.stores import golden_store
from tests.support.stores.disk import disk
from tests.support.stores.machine import START, frames
from tests.support.stores.site import Site

BLOCKS = frames(2 * 3600, rate=1.0, n=60)
NEW = frames(600, start=START + 7200, rate=1.0, n=60)
FAILURES = (StoreFailure, StoreError, OSError)


@pytest.fixture
def small(tmp_path):
    """A disk."""
    with disk(tmp_path / "disk", 8) as made:
        yield made


@pytest.fixture
def site(small):
    """A store of two merged hours and some loose frames on it."""
    made = Site(small.folder)
    made.add(BLOCKS[:60])
    made.close()
    made.add(BLOCKS[60:])
    yield made
    made.store.dispose()


def fill(site, small):
    """Not a byte is left, nor any in what SQLite writes ahead of its file."""
    with site.store.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    small.fill()


def write(site):
    """New frames."""
    with site.store.begin() as connection:
        stored.write(connection, NEW)


def write_first(site):
    """So that there is something to count or merge."""
    write(site)


def write_and_roll_first(site):
    """The same, counted."""
    write(site)
    while roll(site.store, "press-1"):
        pass


def record(site):
    """A flight record."""
    n, values = 2000, np.random.default_rng(1).normal(size=(2000, 1)).astype(np.float32)
    note = FlightNote(1, "press-1", "score", "m", 1.0, {}, 0.0, 1.0, 2.0, 0.5, 1.0, (), ("a",))
    one = values[:, 0]
    flights.write(f"{site.folder}/archive", Flight(
        note, np.arange(n, dtype=float), ("s",) * n, values, values, one, one,
        np.ones(n), np.ones(n, np.bool_),
    ))  # fmt: skip


def nothing(_):
    """There is enough."""


STEPS = {
    "writing frames": (nothing, write),
    "rollups": (write_first, lambda site: roll(site.store, "press-1")),
    "merging": (write_and_roll_first, lambda site: merge(site.store, "press-1", ALL)),
    "closing": (nothing, lambda site: closing.close_next(site.store, site.place, np.inf)),
    "flight record": (nothing, record),
    "backup": (nothing, lambda site: back_up(site.store, site.folder / "copy.db", force=True)),
}


def content(site):
    """Samples in order of time, and those that rollups have counted."""
    found = sorted(site.read(), key=lambda one: one.ts[0])
    with site.store.connect() as connection:
        buckets = rollups.between(connection, "press-1", 900, -np.inf, np.inf)
        assert {p for p in site.files() if p.startswith("device=")} == hours.known(connection)
    values = np.concatenate([np.column_stack([one.ts, one.values]) for one in found])
    return values, int(buckets.samples.sum())


@pytest.mark.parametrize("step", STEPS)
def test_a_step_fails_whole_and_succeeds_with_room(site, small, step):
    """Nothing is lost, nothing twice, no half file stays."""
    prepare, act = STEPS[step]
    prepare(site)
    before = content(site)
    fill(site, small)

    with pytest.raises(FAILURES) as told:
        act(site)
    assert str(told.value)
    assert not list(site.folder.rglob("*.part*"))
    for one, other in zip(content(site), before, strict=True):
        np.testing.assert_array_equal(one, other)

    small.make_room()
    act(site)
    whole = np.concatenate([np.column_stack([b.ts, b.values]) for b in [*BLOCKS, *NEW]])
    np.testing.assert_array_equal(content(site)[0], whole[: len(content(site)[0])])
    assert not site.lost


@pytest.mark.parametrize("has_backup", [True, False])
def test_a_migration_without_room_leaves_the_older_store(small, has_backup):
    """In one line; with room it is done."""
    path = small.folder / "old.db"
    golden_store.load("0000", path)
    store = open_store(f"sqlite:///{path}", may_be_older=True)
    with store.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    small.fill()
    with pytest.raises(StoreError) as told:
        migrate(store, "me", has_backup=has_backup)
    assert "\n" not in str(told.value)
    small.make_room()
    assert migrate(store, "me", has_backup=has_backup).before == "0000"
    store.dispose()


def test_what_is_set_aside_lets_room_be_made(site, small, monkeypatch):
    """Deleting takes room too: rows are written before the files go."""
    monkeypatch.setattr(reserve, "BYTES", 1 << 20)
    aside = Reserve(site.store)
    fill(site, small)
    drop = Drop(ARCHIVE, None, 1, "size")
    with pytest.raises(StoreFailure) as told:
        room.carry_out(site.store, site.place, drop, lambda: True)
    assert aside.met(told.value)
    assert room.carry_out(site.store, site.place, drop, lambda: True)
    assert len(site.files()) == 0
    small.make_room()
    aside.committed()
    assert shutil.disk_usage(small.folder).used > 1 << 20
    assert not aside.is_full
