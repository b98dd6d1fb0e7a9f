"""What a store takes, counted where it is small and estimated where it is large."""

from __future__ import annotations

import numpy as np
import pytest

from detector.records import Alarm, Frame
from detector.store import alarms, frames
from detector.store.archive import closing
from detector.store.archive.flights import path_of
from detector.store.archive.place import place_at
from detector.store.history.rolling import roll
from detector.store.keeping import room
from detector.store.keeping.deciding import ORDER, decide
from detector.store.keeping.merging import ALL, merge
from detector.store.keeping.rules import Rules
from detector.store.measuring import usage as module
from detector.store.measuring.growth import DAY_S
from detector.store.upkeep import content

NOW = 1.8e9
GB = 10**9


@pytest.fixture
def store(engine):
    """An empty one of each kind."""
    return engine


@pytest.fixture
def place(tmp_path):
    """Of its archive."""
    return place_at(f"{tmp_path}/archive")


@pytest.fixture
def measure(store, place):
    """Measure it by an age of samples and a limit."""

    def act(retention_days=30.0, size_gb=None):
        days = dict.fromkeys(ORDER, retention_days)
        return module.measure(store, place, Rules(hot_s=10800, days=days, size_gb=size_gb), NOW)

    return act


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


def test_a_small_store_is_counted(store, measure):
    """To the sample, and its bytes are those of the file."""
    fill(store, 100, lambda i: NOW - i)
    usage = measure()
    large, small = usage.devices
    assert usage.is_exact
    assert (large.device, large.samples, small.samples) == ("large", 2000, 500)
    assert (large.first, large.newest) == (1e9, pytest.approx(1e9 + 990 + 1.9))
    assert large.bytes + small.bytes == pytest.approx(usage.bytes - usage.reusable_bytes, rel=0.5)
    assert large.bytes > small.bytes


def test_a_large_store_is_estimated_and_says_so(store, measure, monkeypatch):
    """From a part of it, devices that come in turns to a few per cent."""
    monkeypatch.setattr(content, "RUNS", 10)
    monkeypatch.setattr(content, "RUN", 10)
    fill(store, 2000, lambda i: NOW - i)
    usage = measure()
    assert not usage.is_exact
    assert [d.samples for d in usage.devices] == pytest.approx([40_000, 10_000], rel=0.05)


def test_a_device_that_no_run_meets_is_told_without_a_number(store, measure, monkeypatch):
    """It is there, and nothing is made up."""
    monkeypatch.setattr(content, "RUNS", 3)
    monkeypatch.setattr(content, "RUN", 2)
    fill(store, 500, lambda i: NOW - i)
    with store.begin() as connection:
        frames.write(connection, [frame("rare", 0, 3, NOW)])
        connection.exec_driver_sql(
            "INSERT INTO devices "
            "VALUES ('rare', 'ok', NULL, 0, 0, 1, 0, 0, 1, '[]', NULL, '{}', '')"
        )
    rare = {d.device: d for d in measure().devices}["rare"]
    assert (rare.first, rare.samples, rare.bytes) == (1e9, None, None)


@pytest.mark.parametrize(("over_s", "days"), [(3600.0, 24.0), (10 * DAY_S, 0.1)])
def test_growth_is_what_came_in_the_last_day(store, measure, over_s, days):
    """Of a store of an hour 24 times that, of one of ten days a tenth."""
    fill(store, 1000, lambda i: NOW - over_s * (1 - i / 1000))
    usage = measure()
    used = usage.bytes - usage.reusable_bytes
    assert usage.growth.by_tier["hot"] == pytest.approx(days * used, rel=0.1)
    assert usage.growth.bytes_per_day == sum(usage.growth.by_tier.values())
    assert usage.growth.observed_s == min(over_s, DAY_S)


def test_what_the_retention_frees_is_told(store, measure):
    """Of ten days, those beyond the eighth within the next day; or from when on."""
    fill(store, 1000, lambda i: NOW - 10 * DAY_S * (1 - i / 1000))
    usage = measure(9.0)
    used = usage.bytes - usage.reusable_bytes
    assert usage.growth.freed_bytes == pytest.approx(0.2 * used, rel=0.1)
    later = measure().growth
    assert (later.freed_bytes, later.freed_from) == (0, pytest.approx(NOW + 20 * DAY_S))


def test_an_empty_store_is_measured(store, measure):
    """Nothing comes, nothing goes."""
    usage = measure()
    assert (usage.devices, usage.growth.bytes_per_day) == ((), None)
    assert (usage.room.days_until_limit, usage.room.days_until_full) == (None, None)
    assert usage.bytes > 0


def hour(store, place, device="large"):
    """One archived hour of a device, merged frames of the next, and loose ones."""
    blocks = [frame(device, i, 20, NOW - 7200 + 10 * i) for i in range(720)]
    with store.begin() as connection:
        frames.write(connection, blocks[:660])
    while roll(store, device):
        pass
    while merge(store, device, ALL):
        pass
    while closing.close_next(store, place, NOW - 3600):
        pass
    with store.begin() as connection:
        frames.write(connection, blocks[660:])


ALARM = Alarm(None, "large", "score", "active", 1e9, None, 3.0, {}, "m", 1.0, life="normal")


def alarm(store, place, kilobytes):
    """An alarm whose flight record takes so much."""
    with store.begin() as connection:
        number = alarms.raise_alarm(connection, ALARM, NOW)
    place.write(path_of(number), bytes(1000 * kilobytes))
    return number


def test_each_tier_is_told_of_each_device(store, place, measure):
    """Together they are what the database and the files take."""
    hour(store, place)
    alarm(store, place, 50)
    usage = measure()
    tiers = {one.tier: one for one in usage.tiers}
    [device] = usage.devices
    closed = sum(place.sizes("device=large").values())

    assert sum(one.samples for one in device.tiers if one.samples is not None) == 14_400
    assert device.samples == 14_400
    assert tiers["archive"].bytes == closed
    assert tiers["flights"].bytes == 50_000
    assert {one.tier for one in device.tiers} == {*tiers}
    assert all(one.bytes for one in device.tiers)
    in_tables = sum(one.bytes for name, one in tiers.items() if name not in ("archive", "flights"))
    assert in_tables == pytest.approx(usage.bytes - usage.reusable_bytes, rel=0.02)
    assert tiers["archive"].first == device.first == 1e9
    assert tiers["archive"].newest < tiers["merged"].newest < tiers["hot"].newest == device.newest


def test_what_is_kept_is_counted_and_said_when_it_is_too_large_alone(store, place, measure):
    """Alarms and the files of flight records."""
    hour(store, place)
    before = measure(size_gb=0.0004).room
    alarm(store, place, 500)
    after = measure(size_gb=0.0004).room
    assert after.kept_bytes - before.kept_bytes == pytest.approx(500_000, abs=100_000)
    assert after.held_bytes - before.held_bytes == pytest.approx(500_000, abs=100_000)
    assert (before.is_kept_too_large, after.is_kept_too_large) == (False, True)
    assert after.days_until_limit == 0.0


def test_a_limit_is_reached_by_what_comes_until_age_takes_as_much(store, place, measure):
    """Frames of an hour: a day brings 24 times that; the older go before it is full."""
    fill(store, 1000, lambda i: NOW - 3600 * (1 - i / 1000))
    usage = measure()
    a_day = usage.growth.bytes_per_day
    limit_gb = (usage.room.held_bytes + 3 * a_day) / 1e9
    assert measure(size_gb=limit_gb).room.days_until_limit == pytest.approx(3.0)
    assert measure(2.0, limit_gb).room.days_until_limit is None


def test_an_archive_elsewhere_does_not_fill_this_disk(store, place, measure, monkeypatch):
    """Nor is anything of it deleted for want of room here."""
    hour(store, place)
    whole = measure().room.held_bytes
    monkeypatch.setattr(room, "is_beside", lambda *_: False)
    monkeypatch.setattr(module, "is_beside", lambda *_: False)
    archived = sum(place.sizes("device=large").values())
    here = room.holding(store, place, None)
    assert here.bytes == pytest.approx(whole - archived, rel=0.05)
    drops = decide(here, dict.fromkeys(ORDER, 30.0), here.bytes / 2, NOW)
    assert drops
    assert "archive" not in [drop.tier for drop in drops]
