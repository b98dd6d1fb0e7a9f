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

SOON_MS = 1000 * PATIENCE  # a second of a free computer


@pytest.fixture
def bad(site, feed):
    """The alarm of the device that has a fault."""

    def read():
        with feed.engine.begin() as connection:
            return next(iter(alarms.listed(connection, "bad")), None)

    wait_for(read, what="an alarm")
    return read


def test_two_browsers_and_the_command_line_see_the_same(site, feed, bad, page, window):
    """Acknowledged in one, seen in the other and in the terminal within a second; and back."""
    number = bad().id
    row, held = f".st-key-alarm-{number}", f".st-key-held-{number}"
    other = window.new_page()
    for one in (page, other):
        one.goto(f"{site.url}/alarms")
        one.wait_for_selector(f"{row} >> text=unacknowledged", timeout=30_000)
    give_name(page, "Kim")
    page.locator(row).get_by_role("button", name="Acknowledge").click()
    for one in (page, other):
        one.wait_for_selector(f"{row} >> text=acknowledged by Kim", timeout=SOON_MS)
    assert bad().life == "acknowledged"
    assert said(site, "ack", number) == (
        2, f"error: ack: refused: alarm {number}: is acknowledged by Kim, allowed: an alarm that "
        "nobody has acknowledged",
    )  # fmt: skip
    assert said(site, "shelve", number, "--minutes", 5)[0] == 0
    for one in (page, other):
        one.wait_for_selector(f"{held} >> text=shelved", timeout=SOON_MS)
    other.locator(held).get_by_role("button", name="Unshelve").click()
    for one in (page, other):
        one.wait_for_selector(f"{row} >> text=unacknowledged", timeout=SOON_MS)
    feed.flood = 17
    try:
        page.wait_for_selector("text=Alarm flood: 17 alarms in the last ten min", timeout=10_000)
    finally:
        feed.flood = 0
    other.close()
    with feed.engine.begin() as connection:
        log = commands.said(connection, ["ack", "shelve", "unshelve"])
    assert [(one.kind, one.who) for one in log] == [
        ("ack", "Kim"), ("shelve", "Ann"), ("unshelve", "dashboard"),
    ]  # fmt: skip


def said(site, *arguments):
    """Exit code and line of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "detector", *map(str, arguments), "--who", "Ann"],
        cwd=PROJECT, env=environment(FAULTLINE_STORE__URL=site.store), capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, (done.stdout or done.stderr).strip()
