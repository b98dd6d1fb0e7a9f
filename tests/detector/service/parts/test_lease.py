"""Taking the lease when the store has trouble of its own."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy.exc import OperationalError

from detector.errors import StoreError, WaitEndedError
from detector.records import DetectorHealth, DeviceState, DeviceStatus
from detector.service import lease
from detector.service.lease import Lease
from detector.store import devices
from detector.store.schema import open_store
from detector.store.told import detectors


@pytest.fixture
def store(tmp_path):
    """Of its own."""
    made = open_store(f"sqlite:///{tmp_path}/faultline.db")
    yield made
    made.dispose()


def health(owner):
    """A word of a detector."""
    return DetectorHealth(owner, time.time(), "connected", {})


def failing(times):
    """``take_lease`` that fails so often before it works."""
    left, take = [None] * times, devices.take_lease

    def attempt(*arguments):
        if left:
            left.pop()
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        take(*arguments)

    return attempt


def test_a_store_that_is_locked_at_the_start_is_waited_for(store, monkeypatch):
    """As an earlier detector's lease is."""
    monkeypatch.setattr(devices, "take_lease", failing(2))
    taken = Lease(store)
    taken.take()
    with store.connect() as connection:
        assert devices.health(connection).owner == taken.owner


def test_a_store_that_stays_locked_is_told_in_one_line(store, monkeypatch):
    """And ends the start."""
    monkeypatch.setattr(devices, "take_lease", failing(1000))
    monkeypatch.setattr(devices, "LEASE_S", -0.9)
    monkeypatch.setattr(lease, "TRY_AGAIN_S", 0.01)
    with pytest.raises(StoreError, match=r"^store: cannot be written \(database is locked\)"):
        Lease(store).take()


@pytest.mark.parametrize("ahead_s", [86_400.0, 60.0])
def test_a_lease_of_before_the_clock_was_set_back_is_taken(store, monkeypatch, ahead_s):
    """Its time lies ahead, and nobody renews it."""
    monkeypatch.setattr(devices, "LEASE_S", 0.2)
    monkeypatch.setattr(lease, "TRY_AGAIN_S", 0.01)
    with store.begin() as connection:
        devices.take_lease(connection, "killed", time.time() + ahead_s)
        assert not devices.is_alive(connection)
    taken = Lease(store)
    assert taken.take()
    with store.connect() as connection:
        assert devices.health(connection).owner == taken.owner


def test_one_that_is_renewed_is_not_taken_whatever_its_time_says(store, monkeypatch):
    """Of a detector whose clock is a day ahead."""
    monkeypatch.setattr(devices, "LEASE_S", 0.2)
    monkeypatch.setattr(lease, "TRY_AGAIN_S", 0.01)
    ahead = iter(range(10**6))

    def renewed():
        return DetectorHealth("other", time.time() + 86_400 + next(ahead), "connected", {})

    with store.begin() as connection:
        devices.take_lease(connection, "other", time.time() + 86_400)
    monkeypatch.setattr(lease, "RENEW_S", 0.05)
    other = Lease(store)
    with other.kept_by(renewed), pytest.raises(StoreError, match="another detector"):
        Lease(store).take()


@pytest.fixture
def quick(monkeypatch):
    """Nobody waits for seconds."""
    monkeypatch.setattr(devices, "LEASE_S", 1.0)
    monkeypatch.setattr(lease, "TRY_AGAIN_S", 0.01)
    monkeypatch.setattr(lease, "RENEW_S", 0.05)


def test_who_comes_second_under_a_name_waits_until_told_to_stop(store, quick, caplog):
    """However long the first one goes on, and in one line."""
    first, second, stop = Lease(store, "line 1"), Lease(store, "line 1"), threading.Event()
    second.owner = "another:1"
    first.take()
    caplog.set_level("INFO")
    ended = []

    def wait():
        with pytest.raises(WaitEndedError):
            second.take(stop)
        ended.append(True)

    with first.kept_by(lambda: health(first.owner)):
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join(1.2 + devices.LEASE_S)  # longer than for a store that has trouble
        assert not ended
        stop.set()
        waiting.join()
    assert ended
    lines = [one for one in caplog.messages if one.startswith("waiting: ")]
    assert len(lines) == 1
    assert f"line 1 is heard by another detector ({first.owner}" in lines[0]


@pytest.mark.parametrize("is_given_back", [True, False])
def test_who_waits_takes_over(store, quick, monkeypatch, is_given_back):
    """When the first one gives its name back, and when it was killed."""
    if is_given_back:  # and nothing else can free it, however slow this computer is
        monkeypatch.setattr(devices, "LEASE_S", 60.0)
    first, second = Lease(store, "line 1"), Lease(store, "line 1")
    second.owner = "another:1"
    first.take()
    if is_given_back:
        threading.Timer(0.1, first.release).start()
    assert second.take() is not is_given_back
    assert second.keeps
    with store.connect() as connection:
        assert [one.owner for one in detectors.every(connection)] == ["another:1"]
        assert devices.health(connection).owner == "another:1"
        with pytest.raises(StoreError, match="taken by another detector"):
            first.renew(connection, health(first.owner))


def test_another_name_is_refused_on_sqlite(store, quick):
    """One detector alone may write there."""
    first, second = Lease(store, "line 1"), Lease(store, "line 2")
    second.owner = "another:1"
    first.take()
    only = r"another detector \(.*\), allowed: one at a time in SQLite, several in PostgreSQL$"
    with first.kept_by(lambda: health(first.owner)), pytest.raises(StoreError, match=only):
        second.take()
    with store.connect() as connection:
        assert [one.name for one in detectors.every(connection)] == ["line 1"]


def test_another_name_goes_on_with_an_sqlite_store_once_the_first_has_ended(store, quick):
    """Its settings were changed: what is there is its own."""
    first, second = Lease(store, "line 1"), Lease(store, "line 2")
    second.owner = "another:1"
    first.take()
    status = DeviceStatus("m1", DeviceState.OK, None, None, None, 1.0, 0.0, 0.0, None, (), None)
    with store.begin() as connection:
        devices.update(connection, [status], "line 1")
    first.release()
    second.take()
    with store.connect() as connection:
        assert devices.heard_by(connection) == {"m1": ("line 2", 0.0)}
