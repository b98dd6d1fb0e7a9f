"""A machine of 64 features, and names that are longer than their room, in a real browser."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import wait_for
from tests.support.live.feed import Feed, Machine
from tests.support.live.page import WAIT_MS, draws_more, facts, open_device

pytestmark = pytest.mark.browser

MANY = tuple(f"Line4.Press{number:02d}.MainDrive.VelocityRms" for number in range(64))
LONG = tuple(f"{'x' * 190}_{number}" for number in range(3))
MOST_BYTES = 8_000  # of an update: half a second at 100 Hz
MOST_POINTS = 1000
DRAWN = """() => {
    const traces = document.querySelector(".fl-chart").figure.data;
    const drawn = traces.filter(trace => trace.name.endsWith(" error")).map(trace => trace.name);
    return [drawn, Math.max(...traces.map(trace => trace.x.length))];
}"""
TITLES = "document.querySelector('.fl-chart').figure.layout.annotations.map(note => note.text)"
OVERFLOWS = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"


@pytest.fixture(scope="module")
def machines(site):
    """Both, fed beside the others."""
    own = Feed(site.store, Machine("wide", MANY, fault=True), Machine("long", LONG, fault=True))
    own.applies = own.leases = False  # the other feed does
    with own:
        yield own


def test_of_many_features_few_are_sent_and_the_others_are_one_bar(site, feed, machines, page):
    """The cause first, no name like another, and one that is chosen comes in its place."""
    open_device(page, site, "wide")
    draws_more(page, 2)
    drawn, points = page.evaluate(DRAWN)
    assert drawn[0] == f"{MANY[0]} error"
    assert (len(drawn), points <= MOST_POINTS) == (8, True)
    bars = page.locator(".fl-facts .fl-share-name").all_text_contents()
    assert bars == [*(f"…Press{number:02d}…" for number in range(8)), "56 others"]
    told = page.locator(".fl-facts .fl-share-value").all_text_contents()
    assert (told[0], told[-1]) == ("11%", "79%")
    wait_for(lambda: int(facts(page)["bytes"]) < MOST_BYTES, 20, "an update, no snapshot")
    assert facts(page)["snapshots"] == "1"
    page.get_by_role("combobox", name="Features (64)").fill("Press50")
    page.keyboard.press("Enter")
    wait_for(lambda: page.evaluate(DRAWN)[0] == [f"{MANY[50]} error"], 20, "the chosen one")
    wait_for(lambda: int(facts(page)["bytes"]) < MOST_BYTES, 20, "an update, no snapshot")


def test_of_the_past_too_only_what_is_drawn_is_sent(site, feed, machines, page):
    """Another feature that is chosen is fetched, and what is not drawn is not."""
    open_device(page, site, "wide")
    draws_more(page, 2)
    with page.expect_response("**/history?*") as heard:
        page.click('[data-do="wider"]')
    assert len(parse_qs(urlsplit(heard.value.url).query)["feature"]) == 8
    wait_for(lambda: facts(page)["source"] != "ring", 20, "the past")
    wait_for(lambda: len(page.evaluate(DRAWN)[0]) == 8, 20, "eight features")
    with page.expect_response("**/history?*") as heard:
        page.get_by_role("combobox", name="Features (64)").fill("Press50")
        page.keyboard.press("Enter")
    assert parse_qs(urlsplit(heard.value.url).query)["feature"] == [MANY[50]]
    wait_for(lambda: page.evaluate(DRAWN)[0] == [f"{MANY[50]} error"], 20, "the chosen one")


def test_long_names_stay_in_their_room(site, feed, machines, page):
    """On a telephone, on the page of the device and on the overview."""
    page.set_viewport_size({"width": 390, "height": 900})
    open_device(page, site, "long")
    assert not page.evaluate(OVERFLOWS)
    titles = [title for title in page.evaluate(TITLES) if "xxx" in title]
    assert [title[-2:] for title in titles] == ["_0", "_1", "_2"]
    assert max(len(title) for title in titles) < 60
    page.goto(site.url, timeout=WAIT_MS)
    banner = page.locator(".fl-banner", has_text="xxx").first
    banner.wait_for(timeout=WAIT_MS)
    assert banner.evaluate("element => element.scrollWidth <= element.clientWidth")
