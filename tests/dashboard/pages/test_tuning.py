"""The page that tunes, in two real browsers on a real server, store and child process."""

from __future__ import annotations

import pytest

from detector.store import commands
from tests.conftest import wait_for
from tests.support.live.page import SLIDER

pytestmark = pytest.mark.browser

LONGEST_MS = 120_000  # a child process starts, on a loaded computer
SEEN_S = 60


def test_what_is_tried_is_previewed_applied_seen_elsewhere_and_undone(site, feed, page, window):
    """The lowest threshold would have raised an alarm; the other browser follows, and an undo."""
    other = window.new_page()
    for one in (page, other):
        one.set_default_timeout(LONGEST_MS)
    page.goto(f"{site.url}/tuning?device=early")
    page.wait_for_selector("text=would have raised 0 alarms")
    page.focus(SLIDER)
    page.press(SLIDER, "Home")
    page.wait_for_selector("text=would have raised 1 alarm,")
    page.get_by_role("textbox", name="Why").fill("too deaf")
    page.get_by_role("button", name="Apply").click()
    other.goto(f"{site.url}/tuning?device=early")
    other.wait_for_selector("text=threshold 0.20 · dashboard: too deaf")
    wait_for(lambda: other.input_value(SLIDER) == "0.2", SEEN_S, "the other browser sees it")
    other.get_by_role("button", name="Undo").click()
    wait_for(lambda: page.input_value(SLIDER) == "1", SEEN_S, "the undo is seen")
    other.close()
    with feed.engine.connect() as store:
        undone, applied = commands.of_device(store, "early", ["threshold"], 2)
    assert applied.value == {"threshold": 0.2, "why": "too deaf"}
    assert undone.value["threshold"] is None
