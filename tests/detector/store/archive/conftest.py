"""A store with its archive, filled and closed by the real parts."""

from __future__ import annotations

import pytest

from tests.support.stores.site import Site


@pytest.fixture
def site(tmp_path):
    """Empty."""
    made = Site(tmp_path)
    yield made
    made.store.dispose()
