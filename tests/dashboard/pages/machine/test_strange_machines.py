"""Machines as nobody expects them: each page says so and lives, in a real browser."""

from __future__ import annotations

import time
from urllib.parse import quote

import numpy as np
import pytest

from detector.store import devices, frames
from tests.conftest import wait_for
from tests.support.live.feed import Feed, Machine, frame, status
from tests.support.live.page import (
    HEADER,
    LIVE,
    WAIT_MS,
    draws_more,
    facts,
    open_device,
    text,
    told,
)

pytestmark = pytest.mark.browser

FOREIGN = "http://faultline.invalid"
HOSTILE = f"<script>alert(1)</script>![x]({FOREIGN}/x.png)\u202eevil"
DONE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
HOUR_AHEAD = """{
    const real = Date, ahead = 3600e3;
    window.Date = class extends real {
        constructor(...given) { super(...(given.length ? given : [real.now() + ahead])); }
        static now() { return real.now() + ahead; }
    };
}"""


@pytest.fixture(scope="module")
def strange(site):
    """Fed beside the others."""
    machines = [
        Machine(HOSTILE, fault=True),
        Machine("ahead", clock_offset_s=86_400),
    ]
    own = Feed(site.store, *machines)
    own.applies = own.leases = False  # the other feed does
    with own.engine.begin() as store:
        one = Machine("one-sample", ("only",), next_ts=time.time())
        single = frame(one, 1, time.time())
        frames.write(store, [single])
        devices.update(store, [status(one, single, time.time())])
        flat = Machine("flat", next_ts=time.time() - 30)
        made = frame(flat, 2000, time.time())
        made.values[:, 0] = made.reconstruction[:, 0] = 5
        made.values[400:900, 1] = np.nan
        made.values[:, 2] = np.nan  # of one feature there is nothing at all
        frames.write(store, [made])
        devices.update(store, [status(flat, made, time.time())])
    with own:
        yield own


@pytest.fixture
def complaints(page):
    """What the browser says went wrong, asks somebody, or fetches from elsewhere."""
    found = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: found.append(asked.url) if FOREIGN in asked.url[:40] else None)
    return found


ADDRESSES = ("/", "/alarms", f"/tuning?device={quote(HOSTILE)}", f"/models?device={quote(HOSTILE)}",
             f"/device?device={quote(HOSTILE)}")  # fmt: skip


def test_a_hostile_name_is_text_on_every_page(site, feed, strange, page, complaints):
    """No script runs, no picture is fetched, nothing turns the direction; it can be opened."""
    for address in ADDRESSES:
        page.goto(f"{site.url}{address}", timeout=WAIT_MS)
        for selector in (HEADER, DONE):
            page.wait_for_selector(selector, timeout=WAIT_MS)
        wait_for(lambda: "alert(1)" in page.inner_text("body"), 20, f"its name on {address}")
        assert "\u202e" not in page.inner_text("body")
        assert page.locator("img[src*='.invalid']").count() == 0
    page.wait_for_selector(LIVE, timeout=WAIT_MS)
    assert text(page, "name").endswith(r"\u202eevil")
    assert complaints == []


@pytest.mark.parametrize("device", ["one-sample", "flat"])
def test_little_flat_and_missing_data_are_drawn(site, feed, strange, page, complaints, device):
    """One sample, a feature that never moves, NaN for seconds and for all of a feature."""
    open_device(page, site, device)
    wait_for(lambda: facts(page)["samples"] == ("1" if device == "one-sample" else "2000"))
    assert "NaN" not in page.inner_html(".fl-chart")
    page.click('.fl-range > [data-range="15m"]')
    wait_for(lambda: facts(page)["zoomed"] == "true" and not facts(page)["reading"], 20, "the past")
    assert complaints == []


def test_a_clock_in_the_future_is_told_and_its_range_is_its_own(site, feed, strange, page):
    """A day ahead: fresh by arrival, its last quarter of an hour is that of its own clock."""
    open_device(page, site, "ahead")
    wait_for(lambda: "ahead" in text(page, "notices"), 10, "the notice")
    assert text(page, "state") == "OK"
    page.click('.fl-range > [data-range="15m"]')
    wait_for(lambda: facts(page)["source"] in {"samples", "buckets"}, 20, "the past")
    assert float(facts(page)["to"]) > time.time() + 80_000


def test_a_range_without_data_says_so(site, feed, page, complaints):
    """A year before the machine was heard first."""
    link = {"from": "2020-03-01T14:00:00Z", "to": "2020-03-01T15:00:00Z"}
    open_device(page, site, "good-1", **link)
    page.locator(".fl-told", has_text="before the first sample stored").wait_for(timeout=WAIT_MS)
    assert complaints == []


def test_a_browser_whose_clock_is_wrong_shows_what_is_now(site, feed, page):
    """An hour ahead: nothing is stale, and the last quarter of an hour has its samples."""
    page.add_init_script(HOUR_AHEAD)
    open_device(page, site, "good-1")
    page.wait_for_selector(HEADER, timeout=WAIT_MS)
    draws_more(page, 1)
    assert text(page, "state") == "OK"
    assert "Data current" in page.text_content(".faultline_header .fl-status")
    assert told(page) == ""
    page.click('.fl-range > [data-range="15m"]')
    wait_for(lambda: facts(page)["source"] in {"samples", "buckets"}, 20, "the past")
    assert abs(float(facts(page)["to"]) - time.time()) < 120
