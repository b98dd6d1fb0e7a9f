"""The live view of a device while Streamlit is still coming up."""

from __future__ import annotations

import pytest

from tests.support.live.page import facts

pytestmark = pytest.mark.browser
COVER = "#faultline-early"
STREAMLIT = "**/static/js/index*.js"


@pytest.fixture
def held(page):
    """Streamlit's own code, which the browser waits for until it is let go."""
    waiting = []

    def hold(route):
        waiting.append(route)

    def let_go():
        for route in waiting:
            route.continue_()

    page.route(STREAMLIT, hold)
    return let_go


def test_a_device_is_live_before_streamlit_and_moves_into_its_page(site, feed, page, held):
    """The same view goes on there as it was left, and there is no other."""
    page.goto(f"{site.url}/device?device=good-1", wait_until="commit")
    page.wait_for_selector(f"{COVER} .faultline_device[data-draws]")
    assert page.text_content(f'{COVER} [data-is="name"]') == "good-1"
    assert page.query_selector('[data-testid="stApp"]') is None
    page.click(f"{COVER} [data-do=pause]")
    page.wait_for_selector(f"{COVER} .faultline_device[data-zoomed=true]")
    page.evaluate(f"document.querySelector('{COVER} .faultline_device').id = 'seen-early'")
    held()
    page.wait_for_selector(COVER, state="detached")
    page.wait_for_selector('[data-testid="stMainBlockContainer"] .faultline_device')
    assert facts(page)["zoomed"] == "true"
    page.wait_for_url(lambda url: "paused=1" in url)
    page.click("[data-do=live]")
    draws = int(facts(page)["draws"])
    page.wait_for_function(
        f"Number(document.querySelector('.faultline_device').dataset.draws) > {draws}"
    )
    shown = page.evaluate("[...document.querySelectorAll('.faultline_device')].map(one => one.id)")
    assert shown == ["seen-early"]


def test_what_was_written_early_is_told_once_somebody_hears_it(site, feed, page, held):
    """A note for all, written before Streamlit was there."""
    page.goto(f"{site.url}/device?device=good-1", wait_until="commit")
    page.wait_for_selector(f"{COVER} .faultline_device[data-draws]")
    page.click(f"{COVER} [data-do=note]")
    page.fill(".fl-note-form input", "written early")
    page.keyboard.press("Enter")
    held()
    page.locator(".fl-notes li", has_text="written early").wait_for()


@pytest.mark.parametrize("query", ["device=nobody", "device=good-1&range=1h"])
def test_only_what_is_live_and_known_is_shown_early(site, feed, page, held, query):
    """A stretch of the past, or a device that nobody has heard, waits for the page."""
    page.goto(f"{site.url}/device?{query}", wait_until="commit")
    page.wait_for_timeout(1500)
    assert page.query_selector(COVER) is None or page.is_hidden(COVER)
    held()
    page.wait_for_selector('[data-testid="stMainBlockContainer"]')
