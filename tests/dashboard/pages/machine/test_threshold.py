"""The threshold's slider in a real browser, on a real server and store."""

from __future__ import annotations

import pytest

from detector.store import commands
from tests.conftest import wait_for
from tests.support.live.page import SLIDER, facts, give_name, open_device, text

pytestmark = pytest.mark.browser


def test_the_slider_marks_at_once_and_asks_the_detector(site, feed, page):
    """The browser re-marks before the detector has applied the command."""
    feed.applies = False
    open_device(page, site, "tuned")
    give_name(page, "Ann")
    page.focus(SLIDER)
    page.press(SLIDER, "Home")
    wait_for(lambda: facts(page)["threshold"] == "0.2", 10, "the threshold line moves")
    wait_for(lambda: int(facts(page)["anomalies"]) > 500, 5, "everything above 0.2 is marked")
    wait_for(lambda: "waiting for the detector" in text(page, "threshold"), 10, "it says so")
    with feed.engine.connect() as store:
        issued = commands.latest(store, "tuned", "threshold")
    assert (issued.value, issued.who) == ({"threshold": 0.2}, "Ann")
    feed.applies = True
    wait_for(lambda: "(applied)" in text(page, "threshold"), 10, "the detector's answer")
    assert feed["tuned"].threshold == 0.2


def test_a_threshold_moved_elsewhere_moves_the_slider(site, feed, page):
    """The detector's threshold is the truth for every viewer."""
    open_device(page, site, "shared")
    with feed.engine.begin() as store:
        commands.issue(store, "shared", "threshold", {"threshold": 2.5}, "somebody else")
    wait_for(lambda: page.input_value(SLIDER) == "2.5", 10, "the slider follows")
    wait_for(lambda: facts(page)["threshold"] == "2.5", 10, "the line follows")
