"""One dashboard with a login at a real small provider, and a machine in alarm."""

from __future__ import annotations

import pytest

from tests.support.live.feed import Feed, Machine
from tests.support.live.provider import provider, with_login


@pytest.fixture(scope="package")
def site(tmp_path_factory):
    """One for all tests."""
    with provider() as where, with_login(tmp_path_factory.mktemp("site"), where) as started:
        yield started


@pytest.fixture(scope="package")
def feed(site):
    """Stands in for the detector."""
    with Feed(site.store, Machine("bad", fault=True)) as feeding:
        yield feeding
