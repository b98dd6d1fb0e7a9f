"""The page that tunes, in two real browsers on a real server, store and child process."""

from __future__ import annotations

import pytest

from detector.store import commands
from tests.conftest import wait_for
from tests.support.live.page import SLIDER, give_name

pytestmark = pytest.mark.browser

PREVIEW_MS = 60_000  # a child process starts, on a loaded computer


def test_what_is_tried_is_previewed_applied_seen_elsewhere_and_undone(site, feed, page, window):
    """The lowest threshold would have raised an alarm; the other browser follows, and an undo."""
    other = window.new_page()
    for one in (page, other):
        one.goto(f"{site.url}/tuning?device=early&lang=en")
        one.wait_for_selector("text=would have raised 0 alarms", timeout=PREVIEW_MS)
    give_name(page, "Ann")
    page.focus(SLIDER)
    page.press(SLIDER, "Home")
    page.wait_for_selector("text=would have raised 1 alarm,", timeout=PREVIEW_MS)
    page.get_by_role("textbox", name="Why").fill("too deaf")
    page.get_by_role("button", name="Apply").click()
    wait_for(lambda: other.input_value(SLIDER) == "0.2", 30, "the other browser follows")
    other.wait_for_selector("text=threshold 0.20 · Ann: too deaf", timeout=30_000)
    other.get_by_role("button", name="Undo").click()
    wait_for(lambda: page.input_value(SLIDER) == "1", 30, "the undo is seen")
    with feed.engine.connect() as store:
        undone, applied = commands.of_device(store, "early", ["threshold"], 2)
    assert (applied.value, applied.who) == ({"threshold": 0.2, "why": "too deaf"}, "Ann")
    assert undone.value["threshold"] is None
    other.close()
