"""A store with a machine of which every value is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detector.records import Alarm
from detector.store import alarms, commands
from detector.store import frames as stored
from detector.store.archive.place import place_at
from detector.store.places import archive_place
from detector.store.schema import open_store
from tests.support.stores.machine import START, frames

ALARM_S = 240.0  # after START; the last minute is anomalous


@pytest.fixture(scope="package")
def store(tmp_path_factory):
    """Five minutes at 10 Hz, silent in the third, anomalous in the last; an alarm and a note."""
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('past')}/store.db")
    kept = [f for f in frames(300) if not START + 120 <= f.ts[0] < START + 180]
    blocks = [
        replace(f, score=f.score + 3, contributions=f.contributions * [0.75, 0.25])
        if f.ts[0] >= START + ALARM_S
        else f
        for f in kept
    ]
    alarm = Alarm(None, "press-1", "score", "active", START + ALARM_S, None, 3.9,
                  {"a": 0.5, "b": 0.5}, "m", 1.0)  # fmt: skip
    with opened.begin() as connection:
        stored.write(connection, blocks)
        alarms.raise_alarm(connection, alarm, START)
        value = {"start": START + 10, "end": START + 20, "why": "belt <b>new</b>"}
        said = commands.issue(connection, "press-1", commands.NOTE, value, "kim")
        commands.mark_applied(connection, said, "applied")
    yield opened
    opened.dispose()


@pytest.fixture
def connection(store):
    """To it."""
    with store.connect() as opened:
        yield opened


@pytest.fixture(scope="package")
def place(store):
    """Of its archive."""
    return place_at(archive_place(store, None))
