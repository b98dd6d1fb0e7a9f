"""What stands around every page: the header, the range of time, search, keys, sound, kiosk mode."""

from __future__ import annotations

import contextlib

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError as LateError

from detector.alarms import requests
from detector.records import Life
from detector.store import alarms, commands
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.live.page import HEADER, LIVE, give_name

pytestmark = pytest.mark.browser

WAITING = {Life.UNACKNOWLEDGED, Life.RETURNED, Life.LATCHED}
WAIT_MS = 60_000  # a page on a computer that does much else
DONE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
PAGES = {"/": "en", "/device?device=bad": "ko", "/alarms": "en", "/tuning?device=bad": "ko",
         "/models": "en", "/lab": "ko", "/system": "ko"}  # fmt: skip


def opened(page, site, address, shown=DONE):
    """Open a page and wait for what it shows, or until it is drawn, and for its header."""
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{site.url}{address}", wait_until="commit")
    page.wait_for_selector(shown)
    page.wait_for_selector(HEADER)


def test_a_range_and_a_name_stay_over_pages_and_a_search_by_keyboard(site, feed, page):
    """Chosen once; the tiles tell of it, the link names it, the keys lead everywhere."""
    opened(page, site, "/", '[data-device="bad"]')
    give_name(page, "Kim")
    page.click('.fl-range > [data-range="15m"]')
    page.wait_for_url("**range=15m*")
    tile = page.locator('[data-device="bad"] .fl-ribbon-anomaly')
    wait_for(lambda: "M" in (tile.get_attribute("d") or ""), 20, "its anomalies of the range")
    page.keyboard.press("Control+k")
    page.keyboard.type("good")
    page.wait_for_selector(".fl-search li >> nth=1")
    found = page.locator(".fl-search li bdi").all_text_contents()
    assert found[:2] == ["good-1", "good-2"]  # then alarms that others have left
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/device?*device=good-2*")
    assert "range=15m" in page.url
    page.wait_for_selector(LIVE)
    page.wait_for_selector(DONE)
    page.keyboard.press("0")
    page.wait_for_function("!location.search.includes('range')")
    press_both(page, "ga", "**/alarms*")
    assert "range" not in page.url
    assert page.text_content(".fl-who") == "Kim"
    page.keyboard.press("?")
    page.wait_for_selector(".fl-keys[open] kbd")


def press_both(page, keys, url):
    """Two keys that lead to a page; the second counts within three seconds, so perhaps again."""
    for _ in range(3):
        page.keyboard.type(keys)
        with contextlib.suppress(LateError):
            return page.wait_for_url(url, timeout=WAIT_MS / 3)
    return page.wait_for_url(url)


def answer_all(site):
    """Acknowledge what other tests have left, so that a new alarm is the first to answer."""
    store = open_store(site.store)

    def waiting():
        with store.connect() as connection:
            still = alarms.open_ones(connection)
        return [one.id for one in still if one.life in WAITING]

    found = waiting()
    with store.begin() as connection:
        for number in found:
            commands.issue(connection, "", requests.ACK, {"alarms": [number]}, "Kim")
    wait_for(lambda: not waiting(), 20, "all is acknowledged")
    store.dispose()


def test_an_alarm_is_heard_and_a_wall_turns_to_it(site, feed, page):
    """Of its priority, in a page that nobody looks at; and a screen on a wall shows its device."""
    page.add_init_script(
        """localStorage.setItem("faultline-alerts", JSON.stringify({medium: true}))"""
    )
    answer_all(site)
    opened(page, site, "/?kiosk=600", ".fl-tile")
    assert page.is_hidden(".fl-tools")
    assert page.is_hidden("[data-testid=stSidebar]")
    feed["good-1"].fault = True
    try:
        page.wait_for_selector("html[data-faultline-sounded]", state="attached")
        page.wait_for_url("**/device?*device=good-1*")
        assert "kiosk=600" in page.url  # it goes on by itself when somebody has answered
        assert "good-1" in page.text_content(".fl-first")
    finally:
        feed["good-1"].fault = False


def serious(page):
    """What of a page somebody cannot see or reach, by WCAG."""
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], [node["html"][:120] for node in one["nodes"]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def refuse_serious(page):
    """Colours may still be on their way."""
    with contextlib.suppress(AssertionError):
        wait_for(lambda: serious(page) == [], 5)
    assert serious(page) == []


@pytest.mark.parametrize("address", PAGES)
def test_everybody_can_use_every_page(site, feed, page, address):
    """No serious violation in either theme; the languages take turns, their code is one."""
    page.emulate_media(color_scheme="light")
    try:
        opened(page, site, f"{address}{'&' if '?' in address else '?'}lang={PAGES[address]}")
        refuse_serious(page)
        page.emulate_media(color_scheme="dark")
        page.wait_for_selector(".faultline_header.fl-dark")
        refuse_serious(page)
    finally:
        page.context.clear_cookies()  # of the language


def test_on_a_laptop_no_word_of_the_header_is_cut(site, feed, page):
    """While an alarm is to be answered, the words that say that all is well yield."""
    page.set_viewport_size({"width": 1200, "height": 800})
    opened(page, site, "/", '.fl-first[data-state="alarm"]')
    cut = "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
    assert page.eval_on_selector_all(".fl-status span", cut) == []
