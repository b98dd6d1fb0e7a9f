"""The device page in a real browser, on a real server and store."""

from __future__ import annotations

import json

import pytest

from tests.conftest import wait_for
from tests.support.live.feed import Feed, Machine
from tests.support.live.film import film
from tests.support.live.page import LIVE, draws_more, facts, open_device, text, told
from tests.support.live.server import Site

pytestmark = pytest.mark.browser


def test_an_alarm_shows_within_seconds_without_a_rerun(site, feed, page):
    """Markers, banner, its time and the feature that contributes most."""
    open_device(page, site, "later")
    assert facts(page)["anomalies"] == "0"
    assert page.is_hidden('[data-is="banner"]')
    feed["later"].fault = True
    try:
        page.wait_for_selector('[data-is="banner"]', state="visible", timeout=4_000)
        wait_for(lambda: int(facts(page)["anomalies"]) > 10, 4, "markers")
        banner = text(page, "banner")
        assert "Alarm since" in banner
        assert "acc_x" in banner
        assert "80 %" in banner
    finally:
        feed["later"].fault = False


def test_markers_lie_on_the_raw_samples(site, feed, page):
    """Every marker of a feature's row is a sample of it, drawn in the anomaly colour."""
    open_device(page, site, "bad", "10 s")
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


def test_a_fault_on_one_axis_marks_that_axis_alone(site, feed, page):
    """The alarm is of the whole machine, the markers are where it comes from."""
    open_device(page, site, "bad")
    wait_for(lambda: int(facts(page)["anomalies"]) > 100, 10, "markers")
    marked = json.loads(facts(page)["marked"])
    assert marked["acc_x"] > 100
    assert (marked["acc_y"], marked["acc_z"]) == (0, 0)


def test_every_feature_shows_its_error_and_a_lens(site, feed, page):
    """Signal and reconstruction over the range, their distance, and the newest two seconds."""
    open_device(page, site, "good-1")
    drawn = page.evaluate("document.querySelector('.js-plotly-plot').data.map(t => t.name)")
    for name in ("acc_x", "acc_y", "acc_z"):
        assert f"{name} error" in drawn
        assert {f"{name} {what}, lens" for what in ("raw", "reconstruction", "error")} <= set(drawn)
    assert facts(page)["lens_s"] == "2"


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
    """Each animation frame of ten seconds shows every line of the three features and the score.

    Where other work takes the computer away, it is looked at again for its pace.
    """
    open_device(page, site, "good-1")
    lines = page.evaluate("document.querySelector('.js-plotly-plot').data.length")
    assert lines >= 3 * 6 + 1
    films = [film(page, 10, lines)]
    while (films[-1].frames <= 100 or films[-1].draws < 15) and len(films) < 4:
        films.append(film(page, 10, lines))
    assert all(seen.blank == 0 for seen in films)
    assert films[-1].frames > 100
    assert films[-1].draws >= 15


def test_a_silent_device_is_shown_as_stale(site, feed, page):
    """Age, state and a sentence say that the figures are old."""
    open_device(page, site, "silent")
    wait_for(lambda: "No data for" in text(page, "notices"), 10, "the notice")
    assert text(page, "state") == "Stale"


def test_a_clock_that_is_wrong_is_told(site, feed, page):
    """Its data are fresh all the same: that is judged by arrival."""
    open_device(page, site, "early")
    wait_for(lambda: "clock is 60 min behind" in text(page, "notices"), 10, "the notice")
    assert text(page, "state") == "OK"


def test_a_stopped_machine_is_greyed_with_a_word(site, feed, page):
    """Stretches that are not judged carry the words and no markers."""
    open_device(page, site, "stopped")
    wait_for(lambda: page.locator(".fl-chart .shapelayer text", has_text="not judged").count(), 10)
    assert facts(page)["anomalies"] == "0"


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
        wait_for(lambda: "Connection lost, retrying" in told(page), 10, "the notice")
        assert page.locator(".fl-chart .scatterlayer .trace").count() >= 7
        own.start()
        wait_for(lambda: facts(page)["link"] == "live", 20, "the socket is back")
        draws_more(page, 2)
        wait_for(lambda: "Connection lost" not in told(page), 10, "the header is back too")
        page.close()


def test_the_past_is_shown_as_it_is_stored(site, feed, page):
    """A range other than live: a still chart with what is anomalous in red, and back again."""
    page.goto(f"{site.url}/device?device=bad&range=15+min")
    page.wait_for_selector(".stPlotlyChart .main-svg", timeout=30_000)
    assert page.locator(".faultline_device").count() == 0
    page.get_by_text("line: mean").wait_for()
    plot = "document.querySelector('.stPlotlyChart .js-plotly-plot')"
    read = f"{plot}.data.map(trace => [trace.name, trace.x.length])"
    drawn = dict(page.evaluate(read))
    assert drawn["anomalies"] > 5
    assert {"acc_x band", "acc_x mean", "score", "threshold"} <= set(drawn)
    page.click('.fl-range > [data-range="live"]')
    page.wait_for_selector(LIVE, timeout=30_000)
