"""Stores for tests: of every kind that is supported, each empty and of its own."""

from __future__ import annotations

import pytest

from detector.store.schema import open_store
from tests.support.stores import postgres


@pytest.fixture(scope="session")
def server():
    """One PostgreSQL for all tests that do not stop it."""
    made = postgres.made()
    yield made
    postgres.ended(made)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path):
    """Of an empty store, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return request.getfixturevalue("server").new_schema()


@pytest.fixture
def engine(store_url):
    """A store of each kind."""
    made = open_store(store_url)
    yield made
    made.dispose()
