"""One dashboard on an empty store."""

from __future__ import annotations

import pytest

from tests.support.live.server import Site


@pytest.fixture(scope="package")
def site(tmp_path_factory):
    """Its settings know one name more."""
    folder = tmp_path_factory.mktemp("site")
    with Site(folder, FAULTLINE_DASHBOARD__HOSTS='["plant.example"]') as started:
        yield started
