"""The open store of the dashboard while its file comes and goes."""

from __future__ import annotations

import pytest

from dashboard.context import _Store
from detector.errors import StoreError
from detector.store import devices
from detector.store.schema import StoreFailure, open_store
from detector.store.upkeep.migrating import migrate
from tests.support.stores import golden_store
from tests.support.stores.lease import renewed


@pytest.fixture
def file(tmp_path):
    """Where the store is."""
    return tmp_path / "store.db"


@pytest.fixture
def opened(file):
    """The store as the dashboard holds it."""
    made = _Store()
    made.engine(f"sqlite:///{file}")
    yield made
    made.close()


def test_a_file_that_is_away_is_refused_and_none_is_made_in_its_place(opened, file, tmp_path):
    """An empty one would hide the outage, and delete the log of what was committed last."""
    url, gone = f"sqlite:///{file}", tmp_path / "gone.db"
    before = opened.engine(url)
    file.rename(gone)
    with pytest.raises(StoreError, match="no such file"):
        opened.engine(url)
    before.pool.dispose()
    with pytest.raises(StoreFailure, match="no such file"):
        before.connect()
    assert not file.exists()
    gone.rename(file)
    assert opened.engine(url) is before


def test_another_file_in_its_place_is_opened(opened, file, tmp_path):
    """A backup, say; connections to the old one read what is not there any more."""
    url = f"sqlite:///{file}"
    before = opened.engine(url)
    open_store(f"sqlite:///{tmp_path}/copy.db").dispose()
    file.rename(tmp_path / "old.db")
    (tmp_path / "copy.db").rename(file)
    after = opened.engine(url)
    assert after is not before
    with after.connect() as connection:
        assert devices.every(connection) == []


def test_a_store_that_is_being_migrated_is_opened_when_it_is_done(file):
    """Until then one line says what is found and what brings it here."""
    golden_store.load("0000", file)
    store = _Store()
    with pytest.raises(StoreError, match="of an older Faultline"):
        store.engine(f"sqlite:///{file}")
    older = open_store(f"sqlite:///{file}", may_be_older=True)
    with renewed(older, "me"):
        migrate(older, "me")
    older.dispose()
    assert store.engine(f"sqlite:///{file}")
    store.close()
