"""The overview and what both pages say, in a real browser on a real server and store."""

from __future__ import annotations

import json
import time

import pytest

from detector.records import DeviceState, DeviceStatus
from detector.store import devices
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.live.feed import Feed, Machine
from tests.support.live.page import LIVE, open_device, text, told
from tests.support.live.server import Site

pytestmark = pytest.mark.browser


def test_the_overview_shows_the_worst_first(site, feed, page):
    """Alarm before stale before suspect before unscored before not judged before ok."""
    page.goto(site.url)
    page.wait_for_selector('[data-device="silent"][data-state="stale"]', timeout=30_000)
    tiles = page.eval_on_selector_all(
        ".fl-tile", "tiles => tiles.map(t => [t.dataset.device, t.dataset.state])"
    )
    worst_first = ["alarm", "stale", "suspect", "unscored", "warming-up", "not-judged", "ok"]
    ranks = [worst_first.index(state) for _, state in tiles]
    assert ranks == sorted(ranks)
    assert dict(tiles).items() >= {
        "bad": "alarm", "silent": "stale", "unknown": "unscored", "stopped": "not-judged",
        "good-1": "ok", "good-2": "ok", "learnt-1": "ok", "learnt-2": "suspect",
    }.items()  # fmt: skip
    assert "Alarm on bad" in page.text_content(".fl-alarms")


def test_what_is_learnt_by_itself_is_marked_and_does_not_cry(site, feed, page):
    """A mark on its tiles, one quiet line for all that cross, and no red anywhere."""
    page.goto(site.url)
    page.wait_for_selector('[data-device="learnt-2"][data-state="suspect"]', timeout=30_000)
    marks = page.eval_on_selector_all(
        ".fl-tile", "all => all.filter(t => t.querySelector('.fl-mark')).map(t => t.dataset.device)"
    )
    assert sorted(marks) == ["learnt-1", "learnt-2"]
    assert "nobody notified: learnt-2" in page.text_content(".fl-quiet")
    assert "learnt-2" not in "".join(page.locator(".fl-banner").all_text_contents())
    open_device(page, site, "learnt-2")
    page.wait_for_selector('[data-is="banner"][data-kind="provisional"]', timeout=10_000)
    assert "faultline adopt learnt-2 --confirm" in text(page, "banner")
    edge = "e => getComputedStyle(e).borderTopColor"
    quiet = page.eval_on_selector('[data-is="banner"]', edge)
    open_device(page, site, "bad")
    page.wait_for_selector('[data-is="banner"][data-kind="score"]', timeout=10_000)
    assert page.eval_on_selector('[data-is="banner"]', edge) != quiet


def test_a_click_on_a_tile_opens_the_device(site, feed, page):
    """The device is named in the address, so the page can be shared."""
    page.goto(site.url)
    page.click('[data-device="good-2"]', timeout=30_000)
    page.wait_for_selector(LIVE, timeout=30_000)
    assert page.url.endswith("/device?device=good-2")
    assert text(page, "name") == "good-2"


def test_a_lost_broker_is_shown(site, feed, page):
    """The detector's connection is told in its own words."""
    feed.connection = "reconnecting"
    try:
        page.goto(site.url)
        page.wait_for_selector(".fl-notices p", timeout=20_000)
        wait_for(lambda: "MQTT broker (reconnecting)" in told(page), 8)
    finally:
        feed.connection = "connected"


def test_a_stopped_detector_is_shown_on_both_pages(site, feed, page):
    """An old lease means that nothing is scored, whatever the tiles say."""
    with feed.engine.begin() as store:
        held = devices.health(store)
    feed.leases = False
    try:
        open_device(page, site, "good-1")
        wait_for(lambda: "detector is stopped" in told(page), 12, "the notice")
        page.goto(site.url)
        page.wait_for_selector(".fl-notices p", timeout=20_000)
        assert "The detector is stopped" in told(page)
    finally:
        feed.leases = True
    assert held is not None


def test_an_overload_and_a_flood_are_shown_on_both_pages(site, feed, page):
    """How much is scored, that nothing is lost, and how many alarms there are."""
    feed.thinned, feed.flood = 4, 17
    try:
        open_device(page, site, "good-1")
        wait_for(lambda: "one window in 4 is scored" in told(page), 12, "the notice")
        assert "17 alarms in the last ten minutes" in told(page)
        assert page.text_content('[data-is="state"]').strip().lower() == "ok"
        page.goto(site.url)
        page.wait_for_selector(".fl-notices p", timeout=20_000)
        assert "Overloaded: one window in 4" in told(page)
        assert "Alarm flood: 17 alarms in the last ten" in told(page)
    finally:
        feed.thinned, feed.flood = 1, 0


def test_an_empty_store_says_what_to_do(chromium, tmp_path):
    """Broker, topic and an example; the device page points there and shows the first device."""
    with Site(tmp_path, FAULTLINE_MQTT__URL="mqtt://broker.plant:1884") as own:
        page = chromium.new_page()
        page.goto(own.url)
        page.wait_for_selector(".fl-empty", timeout=30_000)
        said = page.text_content(".fl-empty")
        assert "mqtt://broker.plant:1884" in said
        assert "sensors/motor-600-1" in said
        json.loads(page.text_content(".fl-empty dd:last-of-type"))
        page.goto(f"{own.url}/device")
        page.wait_for_selector("text=No device has been seen yet", timeout=30_000)
        with Feed(own.store, Machine("first")):
            page.wait_for_selector(LIVE, timeout=30_000)  # by itself
        page.close()


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"FAULTLINE_DASHBOARD__STALE_S": "-1"}, "dashboard.stale_s"),
        ({"FAULTLINE_STORE__URL": "sqlite:////nowhere/at/all.db"}, "cannot be opened"),
    ],
)
def test_a_refusal_is_one_line_on_the_page(chromium, tmp_path, settings, line):
    """Broken settings or store: what is wrong, no traceback."""
    with Site(tmp_path, **settings) as own:
        page = chromium.new_page()
        page.goto(own.url)
        page.wait_for_selector("[data-testid=stAlert]", timeout=30_000)
        wait_for(lambda: line in page.inner_text("body"), 10, line)
        assert page.locator("[data-testid=stException]").count() == 0
        assert "Traceback" not in own.log.read_text()
        page.close()


@pytest.mark.parametrize("address", ["/", "/device?device=good-1"])
def test_every_address_can_be_opened_and_reloaded(site, feed, page, address):
    """Nothing is asked for in vain, and the browser's console stays empty."""
    said, failed = [], []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda got: failed.append(got.url) if got.status >= 400 else None)
    page.goto(f"{site.url}{address}")
    for _ in range(2):
        page.wait_for_selector(f"{LIVE}, .fl-tile", timeout=30_000)
        page.wait_for_timeout(700)
        page.reload()
    assert failed == []
    assert [line for line in said if not line.startswith(("log:", "info:", "debug:"))] == []


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A thousand devices that are heard, a few of which need a look."""
    own = Site(tmp_path_factory.mktemp("plant"), FAULTLINE_DASHBOARD__STALE_S="86400")
    now = time.time()
    seen = [
        DeviceStatus(
            f"hall-press-{i}", DeviceState.UNSCORED if i % 100 == 7 else DeviceState.OK,
            "no rule for it" if i % 100 == 7 else None, None if i % 100 == 7 else 0.5, None, 1.0,
            now, now, 100.0, ("a",), None,
        ) for i in range(1, 1001)
    ]  # fmt: skip
    store = open_store(own.store)
    with store.begin() as connection:
        devices.take_lease(connection, "somebody", now)
        devices.update(connection, seen)
    store.dispose()
    with own:
        yield own


def names(page):
    """Devices of the table's rows as they stand."""
    return page.eval_on_selector_all(
        ".fl-rows .fl-row[data-device]",
        """rows => rows.map(row => [row.getBoundingClientRect().top, row.dataset.device])
            .sort((one, other) => one[0] - other[0]).map(row => row[1])""",
    )


def test_a_thousand_devices_are_a_table_of_a_few_rows(plant, page):
    """Worst first, then as people count; the page is a page high, however many there are."""
    page.goto(plant.url)
    page.wait_for_selector(".fl-rows .fl-row", timeout=30_000)
    shown = names(page)
    assert len(shown) < 60
    assert shown[:3] == ["hall-press-7", "hall-press-107", "hall-press-207"]
    assert shown[10:13] == ["hall-press-1", "hall-press-2", "hall-press-3"]
    assert page.evaluate("document.scrollingElement.scrollHeight") < 2000
    page.eval_on_selector(".fl-body", "body => body.scrollTo(0, 1e9)")
    wait_for(lambda: names(page)[-1] == "hall-press-1000", 10, "the last one")
    assert len(names(page)) < 60


def test_devices_are_found_by_text_and_by_state(plant, page):
    """What was chosen is still chosen after a look at a device."""
    page.goto(plant.url)
    page.click('.fl-totals [data-state="unscored"]', timeout=30_000)
    wait_for(lambda: len(names(page)) == 10, 10, "those without a score")
    assert page.text_content('.fl-totals [data-state="ok"] b') == "990"
    page.fill(".fl-finder input[type=search]", "PRESS-9")
    wait_for(lambda: names(page) == ["hall-press-907"], 10, "the one that is left")
    page.press('[data-device="hall-press-907"]', "Enter")
    page.wait_for_url("**/device?device=hall-press-907", timeout=20_000)
    page.go_back()
    wait_for(lambda: names(page) == ["hall-press-907"], 20, "the choice is kept")
    page.fill(".fl-finder input[type=search]", "nothing is called so")
    page.wait_for_selector("text=No device is like that", timeout=10_000)


def test_groups_stand_where_their_worst_device_does(site, feed, page):
    """As tiles and as a table; a group's name is no device."""
    page.goto(site.url)
    page.check(".fl-grouped input", timeout=30_000)
    page.wait_for_selector(".fl-group >> text=good", timeout=10_000)
    page.click('[data-layout="table"]')
    page.wait_for_selector(".fl-row-group >> text=good", timeout=10_000)
    assert {"good-1", "good-2", "bad"} <= set(names(page))
    page.click(".fl-row-group >> text=good")
    assert page.url.rstrip("/") == site.url
