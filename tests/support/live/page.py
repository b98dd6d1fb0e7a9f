"""What tests of the pages ask of an open page."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.conftest import wait_for

LIVE = ".faultline_device[data-draws]"
HEADER = ".faultline_header[data-link=live] .fl-first"  # all around the live view is there too
WAIT_MS = 90_000  # plenty is drawn, on a computer that may be busy
SLIDER = "input[type=range]"


def open_device(page, site, device, window="Auto", **link):
    """Open a device and wait for its first drawing."""
    query = urlencode({"device": device, "window": window, **link})
    page.goto(f"{site.url}/device?{query}", timeout=WAIT_MS)
    page.wait_for_selector(LIVE, timeout=WAIT_MS)


def facts(page):
    """What the live view says of itself."""
    return page.eval_on_selector(LIVE, "root => ({...root.dataset})")  # of two, while it moves


def text(page, name):
    """The text of a part of the device page."""
    return page.text_content(f'.faultline_device [data-is="{name}"]')


def draws_more(page, count):
    """Wait until the chart has been drawn ``count`` more times."""
    first = int(facts(page)["draws"])
    wait_for(lambda: int(facts(page)["draws"]) >= first + count, 20, "more draws")


def told(page):
    """What the header says is wrong with the connection, the store or the detector."""
    return page.text_content(".faultline_header .fl-notices") or ""


def give_name(page, name):
    """Say who looks, in the header's menu."""
    page.click(".fl-viewer summary")
    field = page.get_by_role("textbox", name="Your name")
    field.fill(name)
    field.press("Enter")
    page.get_by_text(name, exact=True).wait_for()
    field.press("Escape")
