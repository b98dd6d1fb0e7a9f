"""Signing in at a real small provider, in a real browser, as people of each role."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from detector.store import alarms, commands
from tests.conftest import PATIENCE, wait_for
from tests.dashboard.access.test_gate import NAME, closed
from tests.support.live.page import SLIDER
from tests.support.live.provider import CLIENT_SECRET, COOKIE_SECRET

pytestmark = pytest.mark.browser

SOON_MS = 20_000 * PATIENCE
WAY_IN = ".st-key-sign-in"
DEVICE = "/device?device=bad"


@contextmanager
def signed_in(browser, site, name, path):
    """Somebody who comes from a page of ours and is led back to it, which is where they are."""
    window = browser.new_context(viewport={"width": 1300, "height": 900})
    window.set_default_timeout(SOON_MS)
    page = window.new_page()
    page.goto(f"{site.url}{path}")
    page.wait_for_selector(WAY_IN)
    assert "bad" not in page.text_content("body")
    page.locator(WAY_IN).get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_selector(f".st-key-signed-in >> text={name}")
    assert page.url == f"{site.url}{path}"
    yield page
    window.close()


def test_each_role_does_what_it_may(site, feed, chromium):
    """Nobody looks without signing in; viewers look, operators answer, engineers set."""
    row = f".fl-alarm[data-id='{wait_for(lambda: alarm(feed), what='an alarm').id}']"
    with signed_in(chromium, site, "vera", "/alarms") as page:
        page.wait_for_selector("text=answered by operators and engineers; you are signed in as vi")
        page.wait_for_selector(row)
        assert not page.locator(row).get_by_role("button", name="Acknowledge").count()
        leave(site, page)
    with signed_in(chromium, site, "omar", "/alarms") as page:
        page.locator(row).get_by_role("button", name="Acknowledge").click()
        wait_for(lambda: alarm(feed).acknowledged_by == "omar", what="the answer")
        page.goto(f"{site.url}{DEVICE}")
        page.wait_for_selector("text=This is set by engineers; you are signed in as operator")
        assert page.locator(SLIDER).is_disabled()
    with signed_in(chromium, site, "edna", DEVICE) as page:
        page.locator(SLIDER).focus()
        page.keyboard.press("ArrowRight")
        wait_for(lambda: feed["bad"].threshold > 1, what="the threshold")
    with feed.engine.begin() as connection:
        log = commands.said(connection, ["ack", "threshold"])
    assert [(one.kind, one.who) for one in log] == [("ack", "omar"), ("threshold", "edna")]
    said = site.log.read_text()
    assert not [secret for secret in (CLIENT_SECRET, COOKIE_SECRET, "eyJ", NAME) if secret in said]
    assert said.count("/live denied to 127.0.0.1: no session") <= 1
    assert "Traceback" not in said


def alarm(feed):
    """The machine's alarm, once it has one."""
    with feed.engine.begin() as connection:
        return next(iter(alarms.listed(connection, "bad")), None)


def leave(site, page):
    """Signing out ends the session in every tab, and for whoever has copied its cookie."""
    window = page.context
    other = window.new_page()
    other.goto(f"{site.url}/alarms")
    other.wait_for_selector(".st-key-signed-in")
    copied = next(f"{NAME}={one['value']}" for one in window.cookies() if one["name"] == NAME)
    assert closed(site, copied) is None
    page.get_by_role("button", name="Sign out").click()
    other.wait_for_selector(WAY_IN)
    assert closed(site, copied)[0] == 4401
