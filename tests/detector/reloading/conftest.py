"""Bundles that differ, made once, and one running detector, so each test has devices of its own."""

from __future__ import annotations

import pytest

from detector.scoring.bundle import save_bundle
from tests.support.motors import small_bundle
from tests.support.reloading import Site
from tests.support.serving import Client


@pytest.fixture(scope="session")
def other_bundle():
    """Like ``bundle``, but another network that scores otherwise."""
    return small_bundle(network="pca", config={})


@pytest.fixture(scope="session")
def site(tmp_path_factory, broker, bundle):
    """Running."""
    made = Site(tmp_path_factory.mktemp("reload"), broker.url, "")
    save_bundle(bundle, made.folder / "kept")
    made.start()
    yield made
    if made.process is not None:
        made.stop()
    made.engine.dispose()


@pytest.fixture
def client(broker):
    """Publishes."""
    with Client(broker.url) as made:
        yield made
