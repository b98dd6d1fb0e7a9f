"""Taking the lease when the store has trouble of its own."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from detector.errors import StoreError
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
