"""A store that is away while pages are open: told in words, nothing is lost, and all comes back."""

from __future__ import annotations

import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from tests.conftest import wait_for
from tests.support.live.feed import Feed, Machine
from tests.support.live.page import HEADER, LIVE, WAIT_MS, draws_more, facts, told
from tests.support.live.server import Site
from tests.support.stores import postgres

pytestmark = pytest.mark.browser

TOKEN = "a-token-of-the-tests-and-more"  # noqa: S105
AWAY, BACK = "dashboard.outage: away: ", "dashboard.outage: the store is back"
BACK_S = 5


class Tabs:
    """Open pages of a dashboard, and what their browser complained of."""

    def __init__(self, window, site):
        self.window, self.site, self.complaints = window, site, []

    def open(self, address, shown):
        """A tab on a page that shows a selector, and its header."""
        tab = self.window.new_page()
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.goto(f"{self.site.url}{address}", timeout=WAIT_MS)
        for selector in (HEADER, shown):
            tab.wait_for_selector(selector, timeout=WAIT_MS)
        return tab


@contextmanager
def tabs_on(chromium, site):
    """A browser window on a site."""
    window = chromium.new_context(viewport={"width": 1300, "height": 900})
    try:
        yield Tabs(window, site)
    finally:
        window.close()


def with_token(folder, **settings):
    """A dashboard whose API may be asked."""
    return Site(folder, FAULTLINE_DASHBOARD__API_TOKENS__X=TOKEN, **settings)


def api(site):
    """Status and text of the API's answer."""
    token = {"Authorization": f"Bearer {TOKEN}"}
    asked = urllib.request.Request(f"{site.url}/api/devices", headers=token)  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 -- our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def is_told(tab):
    """Whether the header says that the store is away."""
    return "cannot read its store" in told(tab)


def log_of_outage(site):
    """What the log says of it, and whether there is a traceback."""
    lines = site.log.read_text().splitlines()
    assert not [line for line in lines if "Traceback" in line]
    return [mark for line in lines for mark in (AWAY, BACK) if mark in line]


def test_a_file_moved_away_and_back_is_told_and_every_page_goes_on(chromium, tmp_path):
    """What is shown stays, also after a click; no empty store is made; the log has two lines."""
    file, gone = tmp_path / "store.db", tmp_path / "gone.db"
    with (
        Feed(f"sqlite:///{file}", Machine("m1", fault=True)),
        with_token(tmp_path) as own,
        tabs_on(chromium, own) as tabs,
    ):
        device = tabs.open("/device?device=m1", LIVE)
        overview = tabs.open("/", '[data-device="m1"]')
        system = tabs.open("/system", ".sheet")
        alarms = tabs.open("/alarms", ".fl-alarm")
        sheets = system.locator(".sheet").count()
        file.rename(gone)
        for tab in (device, overview, system, alarms):
            wait_for(lambda tab=tab: is_told(tab), BACK_S, "the header says so")
        code, answer = api(own)
        assert (code, "\n" in answer) == (503, False)
        assert "no such file" in answer
        device.click('.fl-range > [data-range="15m"]')  # draws the whole page again
        device.wait_for_url("**range=15m*", timeout=WAIT_MS)
        device.keyboard.press("Control+k")
        device.wait_for_selector(".fl-search li", timeout=WAIT_MS)
        device.keyboard.press("Escape")
        tuning = tabs.open("/tuning?device=m1", "text=This page needs the store")
        assert len(device.evaluate("document.querySelector('.fl-chart').figure.data")) > 3
        assert overview.is_visible('[data-device="m1"]')
        assert system.locator(".sheet").count() == sheets
        assert alarms.is_visible(".fl-alarm")
        assert not file.exists()
        gone.rename(file)
        for tab in (device, overview, system, alarms, tuning):
            wait_for(lambda tab=tab: not is_told(tab), BACK_S, "the header is calm again")
        tuning.wait_for_selector("[role=slider], input[type=range]", timeout=WAIT_MS)
        device.keyboard.press("0")
        wait_for(lambda: facts(device)["zoomed"] == "false", what="live again")
        draws_more(device, 2)
        assert api(own)[0] == 200
        assert tabs.complaints == []
        assert log_of_outage(own) == [AWAY, BACK]


def test_a_server_stopped_and_started_is_told_and_comes_back(chromium, tmp_path):
    """PostgreSQL: open pages stay, one opened meanwhile draws itself when it is back."""
    server = postgres.made()
    url = server.new_schema()
    try:
        feed = Feed(url, Machine("m1"))
        with (
            with_token(tmp_path, FAULTLINE_STORE__URL=url) as own,
            tabs_on(chromium, own) as tabs,
        ):
            with feed:
                device = tabs.open("/device?device=m1", LIVE)
            server.stop("immediate")
            wait_for(lambda: is_told(device), BACK_S, "the header says so")
            assert "psycopg" not in told(device)
            assert api(own)[0] == 503
            system = tabs.open("/system", "text=This page needs the store")
            server.start()
            for tab in (device, system):
                wait_for(lambda tab=tab: not is_told(tab), BACK_S, "the header is calm again")
            system.wait_for_selector(".sheet", timeout=WAIT_MS)
            with Feed(url, Machine("m1")):
                draws_more(device, 2)
            assert tabs.complaints == []
            assert log_of_outage(own) == [AWAY, BACK]
    finally:
        postgres.ended(server)
