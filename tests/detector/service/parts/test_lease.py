"""Taking the lease when the store has trouble of its own."""

from __future__ import annotations

import time

import pytest
from sqlalchemy.exc import OperationalError

from detector.errors import StoreError
from detector.records import DetectorHealth
from detector.service import lease
from detector.service.lease import Lease
from detector.store import devices
from detector.store.schema import open_store


@pytest.fixture
def store(tmp_path):
    """Of its own."""
    made = open_store(f"sqlite:///{tmp_path}/faultline.db")
    yield made
    made.dispose()


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
