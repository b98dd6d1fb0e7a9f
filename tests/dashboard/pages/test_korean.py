"""What the detector says, on Korean pages in a real browser."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from detector.alarms.desk import open_desk
from detector.records import Alarm
from detector.settings.tree import Settings
from detector.store import alarms
from tests.conftest import PATIENCE, wait_for
from tests.support.live.page import open_device

pytestmark = pytest.mark.browser

STUCK = "acc_y: the same value, 0.98, for 31.4 s"
IN_KOREAN = "acc_y: 31.4초 동안 값이 0.98에서 변하지 않음"
SOON_MS = 30_000 * PATIENCE


@pytest.fixture
def korean(chromium):
    """A browser that speaks Korean, with a memory of its own."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900}, locale="ko-KR")
    yield context.new_page()
    context.close()


@pytest.fixture
def stuck(feed):
    """An alarm of a sensor that stands still; nothing is left of it."""
    now = time.time()
    made = Alarm(None, "good-2", "sensor", "active", now - 40, None, 0.0, {"acc_y": 1.0}, "", 0.0,
                 sentence=STUCK)  # fmt: skip
    with feed.engine.begin() as store:
        alarm = open_desk(Settings(), store).book.begin(store, made, now)
    yield alarm
    with feed.engine.begin() as store:
        alarms.update(store, replace(alarm, state="cleared", life="normal", end=now))


def test_alarms_are_told_in_korean_on_every_page(site, feed, stuck, korean):
    """Of a sensor and of a score, in the list and on the page of each device."""
    wait_for(lambda: feed["bad"].alarm is not None, what="an alarm of a score")
    korean.goto(f"{site.url}/alarms?lang=ko")
    row = f'.fl-alarm[data-id="{stuck.id}"]'
    korean.wait_for_selector(f"{row} >> text={IN_KOREAN}", timeout=SOON_MS)
    korean.wait_for_selector(".fl-alarm >> text=주요 원인 acc_x", timeout=SOON_MS)
    for device, said in (("good-2", IN_KOREAN), ("bad", "최고 점수")):
        open_device(korean, site, device)  # the language goes along
        korean.wait_for_selector(f'[data-is="banner"] >> text={said}', timeout=SOON_MS)
    assert STUCK not in korean.content()
