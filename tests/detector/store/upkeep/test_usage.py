"""What a store takes, counted where it is small and estimated where it is large."""

from __future__ import annotations

import numpy as np
import pytest

from detector.records import Frame
from detector.store import frames
from detector.store.upkeep import content
from detector.store.upkeep.usage import DAY_S, days_until_full, measure

NOW = 1.8e9
GB = 10**9


@pytest.fixture
def store(engine):
    """An empty one of each kind."""
    return engine


def frame(device, number, n, arrival):
    """A frame of n samples of one feature."""
    ramp = np.zeros((n, 1), np.float32)
    return Frame(
        device=device, session="s", features=("a",), ts=1e9 + 10 * number + 0.1 * np.arange(n),
        values=ramp, reconstruction=ramp, score=ramp[:, 0], mse=ramp[:, 0],
        judged=np.ones(n, np.bool_), threshold=1.0, contributions=np.ones(1, np.float32),
        arrival=arrival,
    )  # fmt: skip


def fill(store, count, arrival):
    """Frames of two devices in turns, a large one of 20 samples and a small one of 5."""
    with store.begin() as connection:
        blocks = [
            frame(device, i, n, arrival(i))
            for i in range(count)
            for device, n in (("large", 20), ("small", 5))
        ]
        frames.write(connection, blocks)


def test_a_small_store_is_counted(store):
    """To the sample, and its bytes are those of the file."""
    fill(store, 100, lambda i: NOW - i)
    usage = measure(store, 30.0, NOW)
    large, small = usage.devices
    assert usage.is_exact
    assert (large.device, large.samples, small.samples) == ("large", 2000, 500)
    assert (large.first, large.newest) == (1e9, pytest.approx(1e9 + 990 + 1.9))
    assert large.bytes + small.bytes == pytest.approx(usage.bytes - usage.reusable_bytes, rel=0.5)
    assert large.bytes > small.bytes


def test_a_large_store_is_estimated_and_says_so(store, monkeypatch):
    """From a part of it, devices that come in turns to a few per cent."""
    monkeypatch.setattr(content, "RUNS", 10)
    monkeypatch.setattr(content, "RUN", 10)
    fill(store, 2000, lambda i: NOW - i)
    usage = measure(store, 30.0, NOW)
    assert not usage.is_exact
    assert [d.samples for d in usage.devices] == pytest.approx([40_000, 10_000], rel=0.05)


def test_a_device_that_no_run_meets_is_told_without_a_number(store, monkeypatch):
    """It is there, and nothing is made up."""
    monkeypatch.setattr(content, "RUNS", 3)
    monkeypatch.setattr(content, "RUN", 2)
    fill(store, 500, lambda i: NOW - i)
    with store.begin() as connection:
        frames.write(connection, [frame("rare", 0, 3, NOW)])
        connection.exec_driver_sql(
            "INSERT INTO devices VALUES ('rare', 'ok', NULL, 0, 0, 1, 0, 0, 1, '[]', NULL, '{}')"
        )
    rare = {d.device: d for d in measure(store, 30.0, NOW).devices}["rare"]
    assert (rare.first, rare.samples, rare.bytes) == (1e9, None, None)


@pytest.mark.parametrize(("over_s", "days"), [(3600.0, 24.0), (10 * DAY_S, 0.1)])
def test_growth_is_what_came_in_the_last_day(store, over_s, days):
    """Of a store of an hour 24 times that, of one of ten days a tenth."""
    fill(store, 1000, lambda i: NOW - over_s * (1 - i / 1000))
    usage = measure(store, 30.0, NOW)
    used = usage.bytes - usage.reusable_bytes
    assert usage.growth.bytes_per_day == pytest.approx(days * used, rel=0.02)
    assert usage.growth.observed_s == min(over_s, DAY_S)


def test_what_the_retention_frees_is_told(store):
    """Of ten days, those beyond the eighth within the next day; or from when on."""
    fill(store, 1000, lambda i: NOW - 10 * DAY_S * (1 - i / 1000))
    usage = measure(store, 9.0, NOW)
    used = usage.bytes - usage.reusable_bytes
    assert usage.growth.freed_bytes == pytest.approx(0.2 * used, rel=0.02)
    later = measure(store, 30.0, NOW).growth
    assert (later.freed_bytes, later.freed_from) == (0, pytest.approx(NOW + 20 * DAY_S))


def test_an_empty_store_is_measured(store):
    """Nothing comes, nothing goes."""
    usage = measure(store, 30.0, NOW)
    assert (usage.devices, usage.growth.bytes_per_day, usage.days_until_full) == ((), None, None)
    assert usage.bytes > 0


@pytest.mark.parametrize(
    ("per_day", "free", "used", "reusable", "retention", "days"),
    [
        (1 * GB, 10 * GB, 5 * GB, 0, 30.0, 10.0),
        (1 * GB, 10 * GB, 5 * GB, 2 * GB, 30.0, 12.0),
        (1 * GB, 26 * GB, 5 * GB, 0, 30.0, None),  # 30 days are 30 GB, of which 5 are here
        (None, 10 * GB, 5 * GB, 0, 30.0, None),
        (1 * GB, None, 5 * GB, 0, 30.0, None),
        (1 * GB, 0, 5 * GB, 0, 30.0, 0.0),
    ],
)
def test_the_disk_is_full_when_no_room_is_left(per_day, free, used, reusable, retention, days):
    """Unless the retention comes first."""
    assert days_until_full(per_day, free, used, reusable, retention) == days
