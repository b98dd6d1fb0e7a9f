"""The past of devices in sixty points."""

from __future__ import annotations

import time

import pytest

from dashboard.past.sparks import POINTS, READ, span_of, told
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.archive.place import place_at
from detector.store.history.history import history
from detector.store.places import archive_place
from detector.store.schema import open_store
from tests.support.live.feed import Machine, frame


def test_highest_scores_anomalies_and_nothing_where_nothing_is(tmp_path):
    """Ten seconds of a fault, five of silence, ten without."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    machine = Machine("m1", next_ts=1000.0, scored=100, fault=True)
    with store.begin() as connection:
        frames.write(connection, [frame(machine, 1000, time.time())])
        machine.next_ts, machine.fault = 1015.0, False
        frames.write(connection, [frame(machine, 1000, time.time())])
    place = place_at(archive_place(store, Settings().store.archive))
    with store.connect() as connection:
        spark = told(history(connection, place, "m1", 1000.0, 1030.0, READ))
    store.dispose()
    assert len(spark["scores"]) == len(spark["marks"]) == POINTS
    assert all(score > 1 for score in spark["scores"][:20])
    assert spark["scores"][21:29] == [None] * 8
    assert spark["marks"] == [1] * 20 + [0] * 40


def test_many_viewers_ask_alike():
    """The end is a whole point, whoever asks when; nonsense is refused."""
    assert span_of({"last_s": "600"}, 1234.0) == span_of({"last_s": "600"}, 1239.0) == (630, 1230)
    assert span_of({"start": "5", "end": "9"}, 100.0) == (5.0, 9.0)
    for nonsense in ({}, {"last_s": "nan"}, {"last_s": "-1"}, {"start": "9", "end": "5"},
                     {"last_s": "1e300"}, {"last_s": "x"}):  # fmt: skip
        with pytest.raises(ValueError, match=r"sparks|float"):
            span_of(nonsense, 100.0)
