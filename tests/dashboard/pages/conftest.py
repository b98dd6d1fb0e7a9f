"""One dashboard with made-up devices, and a browser window on it."""

from __future__ import annotations

import pytest

from tests.support.live.feed import Feed, Machine
from tests.support.live.server import Site


@pytest.fixture(scope="package")
def site(tmp_path_factory):
    """One dashboard for all tests of the pages."""
    folder = tmp_path_factory.mktemp("site")
    settings = folder / "faultline.toml"  # a page may write into it
    settings.touch()
    more = {"FAULTLINE_DASHBOARD__STALE_S": "3", "FAULTLINE_SETTINGS": str(settings)}
    with Site(folder, **more) as started:
        yield started


@pytest.fixture(scope="package")
def feed(site):
    """Made-up devices, one for each purpose."""
    machines = [
        Machine("good-1"),
        Machine("good-2"),
        Machine("learnt-1", provisional=True),
        Machine("learnt-2", provisional=True, fault=True),
        Machine("bad", fault=True),
        Machine("later"),
        Machine("silent"),
        Machine("unknown", has_model=False),
        Machine("stopped", running=False),
        Machine("tuned"),
        Machine("shared"),
        Machine("early", clock_offset_s=-3600),
    ]
    with Feed(site.store, *machines) as feeding:
        feeding["silent"].sending = False
        yield feeding


@pytest.fixture(scope="package")
def window(chromium):
    """A browser window whose cache the tests share."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(window):
    """A new tab."""
    opened = window.new_page()
    yield opened
    opened.close()
