"""Who outlives a detector that lost the lease commits nothing."""

from __future__ import annotations

import pytest

from detector.errors import StoreError
from detector.store import devices
from detector.store import frames as stored
from detector.store.keeping.fence import fence
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import open_store
from tests.support.stores.machine import START, frames


def test_nothing_is_committed_once_the_lease_is_anothers(tmp_path):
    """Nor by what had begun before; what reads goes on."""
    url = f"sqlite:///{tmp_path}/store.db"
    store, other = open_store(url), open_store(url)
    with other.begin() as connection:
        devices.take_lease(connection, "a:1", START)
    fence(store, "a:1")
    with store.begin() as connection:
        stored.write(connection, frames(60))
    with other.begin() as connection:
        devices.take_lease(connection, "b:2", START + 100)
    refused = r"store: held by b:2 now, allowed: a:1; nothing is written"
    with pytest.raises(StoreError, match=refused), store.begin() as connection:
        stored.write(connection, frames(60, start=START + 60))
    with other.begin() as connection:
        devices.release_lease(connection, "b:2")
    with pytest.raises(StoreError, match="held by nobody now"), store.begin() as connection:
        stored.write(connection, frames(60, start=START + 60))
    assert merge(store, "press-1", ALL) == 0  # nothing is counted, and nothing is committed
    with store.connect() as connection:
        assert len(stored.between(connection, "press-1", 0, 2 * START)) == 60
    store.dispose()
    other.dispose()
