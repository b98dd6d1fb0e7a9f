"""A process that is killed before each of its steps loses no sample and leaves nothing twice."""

from __future__ import annotations

import os

import numpy as np
import pytest

from detector.store import frames as stored
from detector.store.archive import closing, hours, reading
from detector.store.archive.place import place_at
from detector.store.history.rolling import roll
from detector.store.keeping import room
from detector.store.keeping.deciding import ARCHIVE, HOT, Drop
from detector.store.keeping.merging import merge
from detector.store.schema import open_store
from tests.support.stores.kills import was_killed
from tests.support.stores.machine import START, frames

LATER = START + 1e6
LEAST = 10  # kills
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


class Site:
    """A store in a file with some hours of a device, and its archive."""

    def __init__(self, folder, count):
        blocks = frames(count * 3600, rate=0.01, n=9)
        self.whole = joined(blocks)
        self.url, self.archive = f"sqlite:///{folder}/store.db", f"{folder}/archive"
        with self.opened() as store, store.begin() as connection:
            stored.write(connection, blocks)
        with self.opened() as store:
            while roll(store, "press-1"):
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
    merge(store, "press-1", LATER)
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


def test_merging_and_closing_lose_nothing(tmp_path):
    """Each begins where the one before was killed, so the same steps are met again and again."""
    site = Site(tmp_path, 3)
    count = kills(
        site, close_all, lambda: np.testing.assert_array_equal(site.samples(), site.whole)
    )
    assert count >= LEAST
    assert len(site.files()) == 3


@pytest.mark.parametrize(("tier", "count"), [(ARCHIVE, 10), (HOT, 4)])
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
