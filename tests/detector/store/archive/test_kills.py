"""A process that is killed before each of its steps loses no sample and leaves nothing twice."""

from __future__ import annotations

import os

import numpy as np
import pytest

from detector.flights.recorder import FlightRecorder
from detector.records import Alarm, DeviceState, DeviceStatus
from detector.store import alarms, devices, flight_log
from detector.store import frames as stored
from detector.store.archive import closing, flights, hours, reading
from detector.store.archive.place import place_at
from detector.store.history import rolling, rollups
from detector.store.keeping import room
from detector.store.keeping import upkeep as upkeep_module
from detector.store.keeping.deciding import ARCHIVE, HOT, Drop
from detector.store.keeping.fence import fence
from detector.store.keeping.merging import ALL, merge
from detector.store.keeping.rules import Rules
from detector.store.keeping.upkeep import Upkeep
from detector.store.schema import open_store
from tests.support.stores.kills import was_killed
from tests.support.stores.machine import START, frames

LEAST = 10  # kills
OWNER = "here:1"
RULES = Rules(hot_s=0.0, days=dict.fromkeys((HOT, ARCHIVE, *rollups.TIERS), 1e6))
ALARM = Alarm(None, "press-1", "score", "cleared", START + 600, START + 700, 2.0, {}, "m", 1.0)
STATUS = DeviceStatus("press-1", DeviceState.OK, None, 1.0, 1.0, 1.0, START + 3500, START + 3500,
                      0.01, ("a", "b"), None)  # fmt: skip
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


class Site:
    """A store in a file with some hours of a device, and its archive."""

    def __init__(self, folder, count, *, is_counted=True):
        blocks = frames(count * 3600, rate=0.01, n=9)
        self.whole = joined(blocks)
        self.url, self.archive = f"sqlite:///{folder}/store.db", f"{folder}/archive"
        with self.opened() as store, store.begin() as connection:
            stored.write(connection, blocks)
        with self.opened() as store:
            while is_counted and rolling.roll(store, "press-1"):
                pass

    def opened(self):
        """Of this process alone."""
        return _Opened(self.url)

    def files(self):
        """Of hours, finished or not."""
        return {path for path in place_at(self.archive).paths() if path.startswith("device=")}

    def samples(self):
        """Times and values of all that is there, once what was left is swept away."""
        lost = []
        with self.opened() as store:
            place = place_at(self.archive)
            closing.sweep(store, place)
            with store.connect() as connection:
                assert self.files() == hours.known(connection)
                found = list(reading.between(connection, place, "press-1", -np.inf, np.inf,
                                             lost.append))  # fmt: skip
        assert not lost
        return joined(found)


class _Opened:
    def __init__(self, url):
        self._store = open_store(url)

    def __enter__(self):
        return self._store

    def __exit__(self, *_):
        self._store.dispose()


def joined(found):
    """Times beside values, in order; shape (n, 1 + F)."""
    rows = [np.column_stack([f.ts, f.values]) for f in found]
    return np.concatenate(rows) if rows else np.empty((0, 3))


def close_all(store, place):
    """Merge and close."""
    merge(store, "press-1", ALL)
    while closing.close_next(store, place, np.inf):
        pass


def on(site, act):
    """In a child."""
    with site.opened() as store:
        act(store, place_at(site.archive))


def kills(site, act, check):
    """Kill before every step there is, once each; returns how many."""
    step = 0
    while was_killed(lambda: on(site, act), step):
        check()
        step += 1
    check()
    return step


@pytest.mark.parametrize(("tier", "count"), [(ARCHIVE, 12), (HOT, 8)])
def test_deleting_takes_the_oldest_whole_and_leaves_the_rest(tmp_path, monkeypatch, tier, count):
    """Whole files or frames; what is left is the newest, without a hole."""
    monkeypatch.setattr(room, "FEW", 1)
    monkeypatch.setattr(room, "MANY", 1)
    site = Site(tmp_path, count)
    if tier == ARCHIVE:
        with site.opened() as store:
            close_all(store, place_at(site.archive))

    def delete_all(store, place):
        room.carry_out(store, place, Drop(tier, None, 10**9, "size"), lambda: True)

    def check():
        found = site.samples()
        np.testing.assert_array_equal(found, site.whole[len(site.whole) - len(found) :])

    assert kills(site, delete_all, check) >= LEAST
    assert not len(site.samples())
    assert not site.files()


def keep(store, place_url):
    """All that the process beside a detector does, as of an hour that is over."""
    fence(store, OWNER)
    upkeep = Upkeep(store, place_url, lambda: RULES)
    upkeep.sweep()
    upkeep.roll_all()
    upkeep.merge_all(ALL)
    upkeep.close_all(np.inf)
    upkeep.make_room(START + 7200)
    FlightRecorder(store, place_url, pause_s=0.0).look(START + 7200)


def test_the_whole_upkeep_loses_nothing_and_counts_nothing_twice(tmp_path, monkeypatch):
    """Rollups, blocks, files, the flight record of an alarm; each begins where one was killed."""
    monkeypatch.setattr(upkeep_module, "PAUSE_S", 0.0)
    site = Site(tmp_path, 1, is_counted=False)
    with site.opened() as store, store.begin() as connection:
        devices.take_lease(connection, OWNER, START)
        alarms.raise_alarm(connection, ALARM, START)
        devices.update(connection, [STATUS])

    def check():
        np.testing.assert_array_equal(site.samples(), site.whole)
        with site.opened() as store, store.connect() as connection:
            counted = rollups.between(connection, "press-1", 900, START, START + 7200)
            waiting = rolling.waiting(connection, "press-1")
        assert counted.samples.sum() + 9 * waiting == len(site.whole)

    assert kills(site, lambda store, _: keep(store, site.archive), check) >= LEAST
    assert len(site.files()) == 1
    record = flights.read(site.archive, 1)
    assert (len(record.ts), record.note.end) == (2, ALARM.end)
    with site.opened() as store, store.connect() as connection:
        assert not flight_log.due(connection)
        assert not rolling.waiting(connection, "press-1")
