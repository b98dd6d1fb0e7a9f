"""The thread beside the scoring: rollups come by themselves, and old ones go."""

from __future__ import annotations

import logging
import time

import pytest

from detector.records import DetectorHealth
from detector.service.keeping import rules_of
from detector.settings.store import StoreSettings
from detector.store import devices
from detector.store import frames as stored
from detector.store.archive import flights, hours
from detector.store.archive.place import place_at
from detector.store.connecting import file_of
from detector.store.history import rolling, rollups
from detector.store.keeping import room
from detector.store.keeping import upkeep as module
from detector.store.keeping.deciding import DAY_S
from detector.store.keeping.merging import ALL
from detector.store.keeping.upkeep import Upkeep
from detector.store.places import archive_place
from detector.store.schema import frames as table
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.stores.machine import START, frames

DEVICES = ("press-1", "press-2")


@pytest.fixture
def store(tmp_path):
    """Two devices that were never counted, as after a migration."""
    engine = open_store(f"sqlite:///{tmp_path}/store.db")
    with engine.begin() as connection:
        for device in DEVICES:
            stored.write(connection, frames(600, n=100, device=device))
    yield engine
    engine.dispose()


def waiting(store):
    """Frames that are not counted."""
    with store.connect() as connection:
        return sum(rolling.waiting(connection, device) for device in DEVICES)


def upkeep(store, settings=None):
    """Of a store, by settings."""
    chosen = settings or StoreSettings()
    return Upkeep(store, archive_place(store, None), lambda: rules_of(chosen))


def settle(writer):
    """As after a minute or two."""
    writer.roll_all()
    writer.merge_all(ALL)


def test_an_older_store_gets_its_rollups_in_the_background(store, monkeypatch, caplog):
    """And the log says how far it is."""
    monkeypatch.setattr(module, "BACKLOG", 100)
    caplog.set_level(logging.INFO)
    writer = upkeep(store)
    assert waiting(store) == 120
    writer.start()
    wait_for(lambda: not waiting(store), 10, "all frames are counted")
    wait_for(lambda: "all 120 frames counted" in caplog.text, 10, "it is told")
    writer.stop()
    assert "rollups: 60 of 120 frames counted" in caplog.text


def test_a_store_that_fails_does_not_end_it(store, monkeypatch, caplog):
    """It tries again with the next look."""
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    plain, failures = rolling.roll, [OSError("no room"), OSError("no room")]

    def full(*args):
        if failures:
            raise failures.pop()
        return plain(*args)

    monkeypatch.setattr(rolling, "roll", full)
    writer = upkeep(store)
    writer.start()
    wait_for(lambda: not waiting(store), 10, "all frames are counted")
    writer.stop()
    assert "no room" in caplog.text


def test_each_width_has_its_age(store):
    """The finer go first; a day later than its age a block is gone."""
    settings = StoreSettings(rollup_1s_days=10, rollup_1min_days=20, rollup_15min_days=30)
    writer = upkeep(store, settings)
    writer.roll_all()
    for day, kept in ((9, {1, 60, 900}), (11, {60, 900}), (21, {900}), (31, set())):
        upkeep(store, settings).make_room(START + 600 + day * DAY_S)
        with store.connect() as connection:
            sizes = rollups.sizes(connection)
        assert {width for width, size in sizes.items() if size.bytes} == kept


def test_hours_are_closed_and_all_are_kept_to_their_size(store, monkeypatch, caplog):
    """Where there is no room for both, one file goes, and no rollup."""
    caplog.set_level(logging.INFO)
    with store.begin() as connection:
        for device in DEVICES:
            stored.write(connection, frames(1800, n=100, start=START + 600, device=device))
    writer = upkeep(store, StoreSettings(size_gb=0.2))
    settle(writer)
    writer.look(START + 4 * 3600)
    with store.connect() as connection:
        archive, before = hours.size(connection), rollups.sizes(connection)
        assert stored.extent(connection, "press-1") is None
    assert archive.samples == 2 * 24_000
    limit = room.holding(store, writer._place, 0.2).bytes - 1000
    monkeypatch.setattr(room, "limit_of", lambda *_: limit)
    writer.make_room(START + 4 * 3600)
    with store.connect() as connection:
        left = hours.size(connection)
        assert rollups.sizes(connection) == before
    assert (archive.files, left.files) == (2, 1)
    assert "of archive deleted to stay within" in caplog.text


def test_what_is_too_old_goes_from_files_and_tables(store):
    """The file with its row; a clock that has just jumped is not believed."""
    writer = upkeep(store, StoreSettings(retention_days=1))
    settle(writer)
    writer.look(START + 4 * 3600)
    files = list((store_folder(store) / "archive").rglob("*.parquet"))
    assert len(files) == 2
    writer.make_room(START + 2 * DAY_S)  # within a moment, by its own clock
    assert sum(path.exists() for path in files) == 2
    upkeep(store, StoreSettings(retention_days=1)).make_room(START + 2 * DAY_S)
    assert not list((store_folder(store) / "archive").rglob("*.parquet"))
    with store.connect() as connection:
        assert hours.size(connection).files == 0


def test_flight_records_count_and_are_told_when_they_alone_are_too_large(store, caplog):
    """They stay; all else goes."""
    record = store_folder(store) / "archive" / flights.path_of(1)
    record.parent.mkdir(parents=True)
    with record.open("wb") as file:
        file.truncate(300_000_000)
    writer = upkeep(store, StoreSettings(size_gb=0.2))
    writer.roll_all()
    writer.make_room(START)
    assert "commands alone take 0.30 GB, more than the 0.20 GB allowed" in caplog.text
    assert record.exists()
    with store.connect() as connection:
        assert stored.extent(connection, "press-1") is None


def test_a_full_archive_is_said_once_and_tried_again(store, caplog):
    """Counting and merging go on meanwhile."""
    writer = upkeep(store)
    blocked = store_folder(store) / "archive" / "device=press-1"
    blocked.write_text("no folder")
    settle(writer)
    for _ in range(3):
        writer.look(START + 4 * 3600)
    assert caplog.text.count("archive: ") == 1
    assert not waiting(store)
    blocked.unlink()
    writer.look(START + 4 * 3600)
    assert len(list((store_folder(store) / "archive").rglob("*.parquet"))) == 2


def store_folder(store):
    """Where its file is."""
    return file_of(store).parent


def test_what_is_kept_is_told_when_it_is_too_large_alone(store, monkeypatch, caplog):
    """In the log and in the detector's word on itself, which a renewal leaves; it stays."""
    now = time.time()
    with store.begin() as connection:
        devices.take_lease(connection, "me", now)
    writer, health = upkeep(store), DetectorHealth("me", now, "connected", {"thinned": 1})
    place_at(archive_place(store, None)).write("_flights/alarm-000001.parquet", bytes(10**6))
    told = []
    for limit in (500_000, 10**9):
        monkeypatch.setattr(room, "limit_of", lambda *_, limit=limit: limit)
        writer.make_room(START + 700)
        with store.begin() as connection:
            devices.renew_lease(connection, health)
            told.append(devices.health(connection).counters)
    assert told == [{"thinned": 1, devices.KEPT_TOO_LARGE: kept} for kept in (1, 0)]
    assert caplog.text.count("alone take 0.00 GB, more than") == 1
    assert place_at(archive_place(store, None)).sizes("_flights")


def test_what_is_empty_goes_back_to_the_disk_where_there_is_no_room_for_it(store):
    """As much as was asked for and no more, in steps of many pages."""
    with store.begin() as connection:
        connection.execute(table.delete())
    with store.connect() as connection:
        page, pages = (connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                       for name in ("page_size", "page_count"))  # fmt: skip
    asked = []
    room.give_back(store, 20 * page, lambda: not asked.append(1))
    with store.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA page_count").scalar_one() == pages - 20
    assert len(asked) == 1
