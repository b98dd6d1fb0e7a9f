"""What one kind of store takes and the other would not."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from detector.errors import StoreError
from detector.records import Alarm, Outcome, Unused
from detector.store import alarms, devices, holds, unused
from detector.store.connecting import file_of
from detector.store.schema import StoreFailure, open_store
from detector.store.upkeep.usage import bytes_of


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_numbers_that_json_has_not(engine, value):
    """An overflowing score never stops the detector."""
    peak = 1.0 if math.isnan(value) else value
    alarm = Alarm(None, "m", "score", "active", 1.0, None, peak, {'x"Infinity': value}, "", 1.0)
    with engine.begin() as connection:
        alarms.raise_alarm(connection, alarm, at=1.0)
        holds.remember(connection, {("m", "score"): {"peak": [value, "NaN"]}})
        [found] = alarms.active(connection)
        memory = holds.memories(connection)[("m", "score")]
    is_lost = math.isnan(value) and engine.dialect.name == "postgresql"
    expected = None if is_lost else value
    assert found.peak_score == peak
    np.testing.assert_equal(found.contributions, {'x"Infinity': expected})
    np.testing.assert_equal(memory, {"peak": [expected, "NaN"]})


def test_a_topic_with_a_nul_is_noted_and_replaced(engine):
    """It comes from a topic that is no text, and stops no other write."""
    for reason in ("first", "second"):
        entry = Unused("a\0b", None, Outcome.REFUSED, "x", reason, 1, 1.0)
        with engine.begin() as connection:
            unused.write(connection, {entry.topic: [entry]})
    with engine.connect() as connection:
        assert [entry.reason for entry in unused.every(connection)] == ["second"]


def test_the_size_is_that_of_an_empty_store(engine):
    """Ours alone, in megabytes, of which nothing is to be used again."""
    with engine.connect() as connection:
        total, reusable = bytes_of(connection, file_of(engine))
    assert 10_000 < total < 5_000_000
    assert 0 <= reusable < total


@pytest.mark.parametrize("is_left", [False, True])
def test_of_two_detectors_that_begin_at_once_one_has_the_lease(store_url, is_left):
    """Whether the one before gave it back or not."""
    stores = [open_store(store_url) for _ in range(2)]
    if is_left:
        with stores[0].begin() as connection:
            devices.take_lease(connection, "before", 0.0)
    barrier, taken = threading.Barrier(2), []

    def take(number):
        try:
            with stores[number].begin() as connection:
                devices.health(connection)
                barrier.wait(10)
                devices.take_lease(connection, f"d{number}", 1e9)
            taken.append(number)
        except (StoreError, StoreFailure):
            pass

    threads = [threading.Thread(target=take, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    for store in stores:
        store.dispose()
