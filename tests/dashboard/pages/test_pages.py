"""The pages in a real browser, on a real server and store."""

from __future__ import annotations

import json

import pytest

from detector.store import commands, devices
from tests.conftest import wait_for
from tests.support.live_feed import Feed, Machine
from tests.support.live_film import film
from tests.support.live_server import Site

pytestmark = pytest.mark.browser

LIVE = ".faultline_device[data-draws]"
SLIDER = "input[type=range]"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One dashboard for all tests of this file."""
    with Site(tmp_path_factory.mktemp("site"), FAULTLINE_DASHBOARD__STALE_S="3") as started:
        yield started


@pytest.fixture(scope="module")
def feed(site):
    """Made-up devices, one for each purpose."""
    machines = [
        Machine("good-1"),
        Machine("good-2"),
        Machine("bad", fault=True),
        Machine("later"),
        Machine("silent"),
        Machine("unknown", has_model=False),
        Machine("stopped", running=False),
        Machine("tuned"),
        Machine("shared"),
    ]
    with Feed(site.store, *machines) as feeding:
        feeding["silent"].sending = False
        yield feeding


@pytest.fixture(scope="module")
def window(chromium):
    """A browser window whose cache the tests share."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(window):
    """A new tab."""
    opened = window.new_page()
    yield opened
    opened.close()


def open_device(page, site, device):
    """Open a device and wait for its first drawing."""
    page.goto(f"{site.url}/device?device={device}")
    page.wait_for_selector(LIVE, timeout=30_000)


def facts(page):
    """What the live view says of itself."""
    return page.eval_on_selector(".faultline_device", "root => ({...root.dataset})")


def text(page, name):
    """The text of a part of the device page."""
    return page.text_content(f'.faultline_device [data-is="{name}"]')


def draws_more(page, count):
    """Wait until the chart has been drawn ``count`` more times."""
    first = int(facts(page)["draws"])
    wait_for(lambda: int(facts(page)["draws"]) >= first + count, 20, "more draws")


def test_the_overview_shows_the_worst_first(site, feed, page):
    """Alarm before stale before unscored before not judged before ok."""
    page.goto(site.url)
    page.wait_for_selector('[data-device="silent"][data-state="stale"]', timeout=30_000)
    states = page.eval_on_selector_all(".fl-tile", "tiles => tiles.map(t => t.dataset.state)")
    assert states == ["alarm", "stale", "unscored", "not-judged", *["ok"] * 5]
    assert "Alarm on bad" in page.text_content(".fl-alarms")


def test_a_click_on_a_tile_opens_the_device(site, feed, page):
    """The device is named in the address, so the page can be shared."""
    page.goto(site.url)
    page.click('[data-device="good-2"]', timeout=30_000)
    page.wait_for_selector(LIVE, timeout=30_000)
    assert page.url.endswith("/device?device=good-2")
    assert text(page, "name") == "good-2"


def test_an_alarm_shows_within_seconds_without_a_rerun(site, feed, page):
    """Markers, banner, its time and the feature that contributes most."""
    open_device(page, site, "later")
    assert facts(page)["anomalies"] == "0"
    assert page.is_hidden('[data-is="banner"]')
    feed["later"].fault = True
    page.wait_for_selector('[data-is="banner"]', state="visible", timeout=4_000)
    wait_for(lambda: int(facts(page)["anomalies"]) > 10, 4, "markers")
    banner = text(page, "banner")
    assert "Alarm since" in banner
    assert "acc_x" in banner
    assert "80 %" in banner


def test_markers_lie_on_the_raw_samples(site, feed, page):
    """Every marker of a feature's row is a sample of it, drawn in the anomaly colour."""
    open_device(page, site, "bad")
    wait_for(lambda: int(facts(page)["anomalies"]) > 100, 10, "markers")
    found = page.evaluate("""() => {
        const {data, layout} = document.querySelector(".js-plotly-plot");
        const marks = name => {
            const shape = layout.shapes.find(shape => shape.name === `${name} anomalies`);
            const found = [...shape.path.matchAll(/M([^,]+),([^L]+)L/g)];
            const dots = found.map(dot => [+dot[1], +dot[2]]);
            return {dots, color: shape.line.color};
        };
        const raw = data.find(trace => trace.name === "acc_x raw");
        const drawn = new Map(raw.x.map((x, i) => [x.toFixed(1), raw.y[i]]));
        const {dots, color} = marks("acc_x"), score = marks("score");
        return {n: dots.length, color, low: Math.min(...score.dots.map(dot => dot[1])),
                same: dots.every((dot, i) => dot[0] === score.dots[i][0]),
                met: dots.filter(dot => drawn.get(dot[0].toFixed(1)) === dot[1]).length};
    }""")
    assert found["n"] > 50
    assert found["met"] > 10
    assert found["same"]
    assert found["low"] > 0.0  # the logarithm of the threshold, 1.0
    assert found["color"] == "#d92d20"


def test_the_slider_marks_at_once_and_asks_the_detector(site, feed, page):
    """The browser re-marks before the detector has applied the command."""
    feed.applies = False
    open_device(page, site, "tuned")
    page.fill('input[aria-label="Your name"]', "Ann")
    page.press('input[aria-label="Your name"]', "Enter")
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
    assert facts(page)["threshold"] == "2.5"


def test_a_zoom_survives_updates_and_ends_on_request(site, feed, page):
    """A dragged range stays as it is while data arrive; Back to live leaves it."""
    open_device(page, site, "good-1")
    draws_more(page, 2)
    box = page.locator(".fl-chart .nsewdrag").first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], y, steps=8)
    page.mouse.up()
    wait_for(lambda: facts(page)["zoomed"] == "true", 5, "zoomed")
    shown = "() => document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range"
    before = page.evaluate(shown)
    draws_more(page, 4)
    assert page.evaluate(shown) == before
    assert 9_000 < before[1] - before[0] < 15_000
    page.click(".fl-back")
    wait_for(lambda: facts(page)["zoomed"] == "false", 5, "live again")
    assert page.evaluate(shown)[1] > before[1]


def test_the_window_of_the_address_is_shown(site, feed, page):
    """A link to half a minute shows half a minute."""
    page.goto(f"{site.url}/device?device=good-1&window=30+s")
    page.wait_for_selector(LIVE, timeout=30_000)
    start, end = page.evaluate("document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range")
    assert end - start == pytest.approx(30_000)


def test_no_frame_of_the_live_chart_is_blank(site, feed, page):
    """Each animation frame of ten seconds shows all seven lines."""
    open_device(page, site, "good-1")
    seen = film(page, 10, lines=7)
    assert seen.blank == 0
    assert seen.frames > 100
    assert seen.draws >= 15


def test_a_silent_device_is_shown_as_stale(site, feed, page):
    """Age, state and a sentence say that the figures are old."""
    open_device(page, site, "silent")
    wait_for(lambda: "No data for" in text(page, "notices"), 10, "the notice")
    assert text(page, "state") == "Stale"


def test_a_stopped_machine_is_greyed_with_a_word(site, feed, page):
    """Stretches that are not judged carry the words and no markers."""
    open_device(page, site, "stopped")
    wait_for(lambda: page.locator(".fl-chart .shapelayer text", has_text="not judged").count(), 10)
    assert facts(page)["anomalies"] == "0"


def test_a_stopped_detector_is_shown_on_both_pages(site, feed, page):
    """An old lease means that nothing is scored, whatever the tiles say."""
    with feed.engine.begin() as store:
        held = devices.health(store)
    feed.leases = False
    try:
        open_device(page, site, "good-1")
        wait_for(lambda: "detector is stopped" in text(page, "notices"), 12, "the device's notice")
        page.goto(site.url)
        page.wait_for_selector(".fl-notices p", timeout=20_000)
        assert "The detector is stopped" in page.text_content(".fl-notices")
    finally:
        feed.leases = True
    assert held is not None


def test_a_lost_broker_is_shown(site, feed, page):
    """The detector's connection is told in its own words."""
    feed.connection = "reconnecting"
    try:
        page.goto(site.url)
        page.wait_for_selector(".fl-notices p", timeout=20_000)
        wait_for(lambda: "MQTT broker (reconnecting)" in page.text_content(".fl-notices"), 8)
    finally:
        feed.connection = "connected"


def test_an_unknown_device_gets_a_sentence(site, feed, page):
    """A shared link may be opened before the first sample."""
    page.goto(f"{site.url}/device?device=to-come")
    page.wait_for_selector('[data-is="notices"] p', timeout=30_000)
    assert "to-come has not been seen yet" in text(page, "notices")


def test_a_restarted_server_is_found_again(chromium, tmp_path):
    """The page says that the connection is lost, keeps its chart and goes on by itself."""
    with Feed(f"sqlite:///{tmp_path}/store.db", Machine("m1")), Site(tmp_path) as own:
        page = chromium.new_page()
        open_device(page, own, "m1")
        own.stop()
        wait_for(lambda: "Connection lost, retrying" in text(page, "notices"), 10, "the notice")
        assert page.locator(".fl-chart .scatterlayer .trace").count() >= 7
        own.start()
        wait_for(lambda: facts(page)["link"] == "live", 20, "the socket is back")
        draws_more(page, 2)
        assert "Connection lost" not in text(page, "notices")
        page.close()


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
        alert = page.wait_for_selector("[data-testid=stAlert]", timeout=30_000)
        assert line in alert.text_content()
        assert page.locator("[data-testid=stException]").count() == 0
        assert "Traceback" not in own.log.read_text()
        page.close()
