"""The thread beside the scoring: rollups come by themselves, and old ones go."""

from __future__ import annotations

import logging

import pytest

from detector.service import rollup_writer
from detector.service.rollup_writer import DAY_S, RollupWriter
from detector.settings.store import StoreSettings
from detector.store import frames as stored
from detector.store.history import rolling, rollups
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


def test_an_older_store_gets_its_rollups_in_the_background(store, monkeypatch, caplog):
    """And the log says how far it is."""
    monkeypatch.setattr(rollup_writer, "BACKLOG", 100)
    caplog.set_level(logging.INFO)
    writer = RollupWriter(store, StoreSettings())
    assert waiting(store) == 120
    writer.start()
    wait_for(lambda: not waiting(store), 10, "all frames are counted")
    wait_for(lambda: "all 120 frames counted" in caplog.text, 10, "it is told")
    writer.stop()
    assert "rollups: 60 of 120 frames counted" in caplog.text


def test_a_store_that_fails_does_not_end_it(store, monkeypatch, caplog):
    """It tries again with the next look."""
    monkeypatch.setattr(rollup_writer, "EVERY_S", 0.01)
    plain, failures = rolling.roll, [OSError("no room"), OSError("no room")]

    def full(*args):
        if failures:
            raise failures.pop()
        return plain(*args)

    monkeypatch.setattr(rolling, "roll", full)
    writer = RollupWriter(store, StoreSettings())
    writer.start()
    wait_for(lambda: not waiting(store), 10, "all frames are counted")
    writer.stop()
    assert "no room" in caplog.text


def test_each_width_has_its_age(store):
    """The finer go first; a day later than its age a block is gone."""
    settings = StoreSettings(rollup_1s_days=10, rollup_1min_days=20, rollup_15min_days=30)
    writer = RollupWriter(store, settings)
    writer.roll_all()
    for day, kept in ((9, {1, 60, 900}), (11, {60, 900}), (21, {900}), (31, set())):
        writer.delete_old(START + 600 + day * DAY_S)
        with store.connect() as connection:
            sizes = rollups.sizes(connection)
        assert {width for width, size in sizes.items() if size.bytes} == kept
