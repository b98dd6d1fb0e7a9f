"""The page of the alarms, in two real browsers and on the command line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from detector.store import alarms, commands
from tests.conftest import PATIENCE, wait_for
from tests.support.live.page import give_name
from tests.support.serving import PROJECT, environment

pytestmark = pytest.mark.browser

SOON_MS = 10_000 * PATIENCE  # a second of a free computer, ten of a busy one


@pytest.fixture
def bad(site, feed):
    """A new alarm of the device that has a fault: others have answered the one before."""

    def read():
        with feed.engine.begin() as connection:
            return next(iter(alarms.listed(connection, "bad")), None)

    feed["bad"].fault = False
    wait_for(lambda: feed["bad"].alarm is None, what="the one before has ended")
    feed["bad"].fault = True
    wait_for(lambda: feed["bad"].alarm is not None, what="an alarm")
    return read


def test_two_browsers_and_the_command_line_see_the_same(site, feed, bad, page, window):
    """Acknowledged by keyboard in one, seen in the other and in the terminal; shelved and back."""
    number = bad().id
    row = f'.fl-alarm[data-id="{number}"]'
    other = window.new_page()
    for one, view in ((page, ""), (other, "?view=held")):
        one.goto(f"{site.url}/alarms{view}")
    page.wait_for_selector(f'{row}[data-life="unacknowledged"]', timeout=30_000)
    other.wait_for_selector(".faultline_alarms[data-rows='0']", state="attached", timeout=30_000)
    give_name(page, "Kim")
    while page.locator(".fl-alarm.fl-at").get_attribute("data-id") != str(number):
        page.keyboard.press("j")
    for key in ("x", "a"):
        page.keyboard.press(key)
    page.wait_for_selector(f"{row} >> text=Acknowledged by Kim", timeout=SOON_MS)
    assert bad().life == "acknowledged"
    assert said(site, "ack", number) == (
        2, f"error: ack: refused: alarm {number}: is acknowledged by Kim, allowed: an alarm that "
        "nobody has acknowledged",
    )  # fmt: skip
    assert said(site, "shelve", number, "--minutes", 5)[0] == 0
    page.wait_for_selector(row, state="detached", timeout=SOON_MS)
    other.locator(row).get_by_role("button", name="Unshelve").click(timeout=SOON_MS)
    page.wait_for_selector(f'{row}[data-life="unacknowledged"]', timeout=SOON_MS)
    feed.flood = 17
    try:
        page.wait_for_selector("text=Alarm flood: 17 alarms in the last ten min", timeout=10_000)
    finally:
        feed.flood = 0
    other.close()
    with feed.engine.begin() as connection:
        log = commands.said(connection, ["ack", "shelve", "unshelve"])
    mine = [one for one in log if one.value["alarms"] == [number]]
    assert [(one.kind, one.who) for one in mine] == [
        ("ack", "Kim"), ("shelve", "Ann"), ("unshelve", "dashboard"),
    ]  # fmt: skip


def test_an_alarm_is_looked_into_and_judged(site, bad, page):
    """Its record with a slider, a verdict with a cause, and both kept in order; by a link."""
    number = bad().id
    page.goto(f"{site.url}/alarms?alarm={number}")
    record = ".faultline_record[data-drawn]"
    page.wait_for_selector(record, timeout=60_000)
    before = page.get_attribute(record, "data-at")
    page.get_by_role("slider", name="Moment").press("End")
    assert page.get_attribute(record, "data-at") != before
    row = f'.fl-alarm[data-id="{number}"]'
    page.fill(".fl-words input", "loose bolt")
    page.get_by_role("button", name="Real", exact=True).click()
    page.wait_for_selector(f"{row} >> text=Real: loose bolt", timeout=SOON_MS)
    page.wait_for_selector(".st-key-alarm-panel >> text=verdict: Real: loose bolt", timeout=SOON_MS)
    assert (bad().verdict, bad().cause) == ("real", "loose bolt")
    page.goto(f"{site.url}/alarms?alarm=999999&view=history&verdict=real")
    page.wait_for_selector("text=There is no alarm 999999", timeout=30_000)
    page.wait_for_selector(row, timeout=SOON_MS)


def said(site, *arguments):
    """Exit code and line of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "detector", *map(str, arguments), "--who", "Ann"],
        cwd=PROJECT, env=environment(FAULTLINE_STORE__URL=site.store), capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, (done.stdout or done.stderr).strip()
