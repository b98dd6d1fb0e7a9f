"""The device page in a real browser, on a real server and store."""

from __future__ import annotations

import json

import pytest

from tests.conftest import wait_for
from tests.support.live.feed import Feed, Machine
from tests.support.live.film import film
from tests.support.live.page import (
    HEADER,
    LIVE,
    WAIT_MS,
    draws_more,
    facts,
    open_device,
    text,
    told,
)
from tests.support.live.server import Site

pytestmark = pytest.mark.browser
PLOT = "document.querySelector('.fl-chart').figure"  # what is drawn, in Plotly's terms


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
        assert "80%" in banner
    finally:
        feed["later"].fault = False


def test_markers_lie_on_the_raw_samples(site, feed, page):
    """Every marker of a feature's row is a sample of it, drawn in the anomaly colour."""
    open_device(page, site, "bad", "10 s")
    wait_for(lambda: int(facts(page)["anomalies"]) > 100, 10, "markers")
    found = page.evaluate("""() => {
        const {data, layout} = document.querySelector(".fl-chart").figure;
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
    drawn = page.evaluate(f"{PLOT}.data.map(t => t.name)")
    for name in ("acc_x", "acc_y", "acc_z"):
        assert f"{name} error" in drawn
        assert {f"{name} {what}, lens" for what in ("raw", "reconstruction", "error")} <= set(drawn)
    assert facts(page)["lens_s"] == "2"


def zoomed_by_a_drag(page):
    """Drag across a fifth of the first row; whether that counted."""
    box = page.locator(".fl-chart .nsewdrag").first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], y, steps=8)
    page.mouse.up()
    page.wait_for_timeout(300)
    return facts(page)["zoomed"] == "true"


def test_a_zoom_survives_updates_and_ends_on_request(site, feed, page):
    """A dragged range stays as it is while data arrive; Back to live leaves it."""
    open_device(page, site, "good-1")
    draws_more(page, 2)
    wait_for(lambda: zoomed_by_a_drag(page), 20, "zoomed")
    shown = "() => document.querySelector('.fl-graph')._fullLayout.xaxis.range"
    before = page.evaluate(shown)
    updates = int(facts(page)["updates"])
    wait_for(lambda: int(facts(page)["updates"]) > updates + 3, 20, "data go on coming")
    assert page.evaluate(shown) == before
    assert 9_000 < before[1] - before[0] < 15_000
    page.click(".fl-back")
    wait_for(lambda: facts(page)["zoomed"] == "false", 5, "live again")
    wait_for(lambda: page.evaluate(f"{PLOT}.layout.xaxis.range")[1] > before[1], 5, "newer data")


def test_the_window_of_the_address_is_shown(site, feed, page):
    """A link to half a minute shows half a minute."""
    page.goto(f"{site.url}/device?device=good-1&window=30+s")
    page.wait_for_selector(LIVE, timeout=WAIT_MS)
    start, end = page.evaluate(f"{PLOT}.layout.xaxis.range")
    assert end - start == pytest.approx(30_000)


def test_no_frame_of_the_live_chart_is_blank(site, feed, page):
    """Each animation frame of ten seconds shows every line of the three features and the score.

    Where other work takes the computer away, it is looked at again for its pace.
    """
    open_device(page, site, "good-1")
    films = [film(page, 10)]
    while (films[-1].frames <= 100 or films[-1].draws < 15) and len(films) < 4:
        films.append(film(page, 10))
    assert films[0].rows >= 3 * 2 + 1
    assert all(seen.blank == 0 for seen in films)
    assert films[-1].frames > 100
    assert films[-1].draws >= 15


def test_what_is_painted_is_what_plotly_draws(site, feed, page):
    """The same figure, both ways, at a quarter of its size: hardly a pixel differs."""
    open_device(page, site, "good-1")
    page.wait_for_function("window.Plotly")
    differs = """async () => {
        const chart = document.querySelector(".fl-chart"), {data, layout} = chart.figure;
        const [width, height] = [layout.width, layout.height].map(size => Math.round(size / 4));
        const pixels = picture => {
            const small = new OffscreenCanvas(width, height).getContext("2d");
            [small.fillStyle, small.imageSmoothingQuality] = ["white", "high"];
            small.fillRect(0, 0, width, height);
            small.drawImage(picture, 0, 0, width, height);
            return small.getImageData(0, 0, width, height).data;
        };
        const painted = pixels(chart.querySelector("canvas")), picture = new Image();
        const size = {format: "png", width: layout.width, height: layout.height};
        picture.src = await Plotly.toImage({data: data.slice(LEFT_OUT), layout}, size);
        await picture.decode();
        const drawn = pixels(picture);
        return painted.filter((value, i) => Math.abs(value - drawn[i]) > 48).length / drawn.length;
    }"""
    assert page.evaluate(differs.replace("LEFT_OUT", "0")) < 0.01
    assert page.evaluate(differs.replace("LEFT_OUT", "3")) > 0.02  # without the first feature


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
    words = f"{PLOT}.layout.shapes.map(shape => shape.label?.text)"
    wait_for(lambda: "not judged" in page.evaluate(words), 10)
    assert facts(page)["anomalies"] == "0"


def test_an_unknown_device_gets_a_sentence(site, feed, page):
    """A shared link may be opened before the first sample."""
    page.goto(f"{site.url}/device?device=to-come")
    page.wait_for_selector('[data-is="notices"] p', timeout=WAIT_MS)
    assert "to-come has not been seen yet" in text(page, "notices")


def test_a_restarted_server_is_found_again(chromium, tmp_path):
    """The page says that the connection is lost, keeps its chart and goes on by itself."""
    with Feed(f"sqlite:///{tmp_path}/store.db", Machine("m1")), Site(tmp_path) as own:
        page = chromium.new_page()
        open_device(page, own, "m1")
        page.wait_for_selector(HEADER, timeout=WAIT_MS)
        own.stop()
        wait_for(lambda: "Connection lost, retrying" in told(page), 10, "the notice")
        assert film(page, 0.1).blank == 0
        own.start()
        wait_for(lambda: facts(page)["link"] == "live", 20, "the socket is back")
        draws_more(page, 2)
        wait_for(lambda: "Connection lost" not in told(page), 10, "the header is back too")
        page.close()


def marked_of_an_hour(page, site):
    """Buckets marked of the newest hour, opened anew: its range stands still, the fault goes on."""
    open_device(page, site, "bad", range="1h")
    wait_for(lambda: facts(page)["source"] == "buckets", 20, "the past")
    return json.loads(facts(page)["marked"])["acc_x"]


def test_the_past_is_shown_as_it_is_stored(site, feed, page):
    """A link to a range: bands with what is anomalous in red, gaps with a reason; back to live."""
    wait_for(lambda: marked_of_an_hour(page, site) > 5, 20, lambda: facts(page))
    names = set(page.evaluate(f"{PLOT}.data.map(trace => trace.name)"))
    assert {"acc_x band", "acc_x mean", "score", "threshold"} <= names
    assert json.loads(facts(page)["marked"])["acc_y"] == 0
    assert "before the first sample stored" in page.text_content(".fl-told")
    longest = page.evaluate(f"Math.max(...{PLOT}.data.map(trace => trace.x.length))")
    assert longest <= 1000
    page.click('.fl-range > [data-range="live"]')
    wait_for(lambda: facts(page)["zoomed"] == "false", 10, "live again")


def test_the_chart_pauses_goes_back_and_the_link_shows_the_same(site, feed, page):
    """From the store without a rerun, while live data go on coming; a second viewer sees it."""
    open_device(page, site, "bad", "10 s")
    page.click("[data-do=pause]")
    for _ in range(2):
        page.click("[data-do=earlier]")
    wait_for(lambda: facts(page)["source"] == "samples", 20, "the past")
    before = facts(page)
    names = set(page.evaluate(f"{PLOT}.data.map(trace => trace.name)"))
    assert {"acc_x raw", "acc_x reconstruction", "acc_x error"} <= names
    assert json.loads(before["marked"])["acc_x"] > 10
    wait_for(lambda: int(facts(page)["updates"]) > int(before["updates"]) + 2, 10, "live data")
    assert facts(page)["from"] == before["from"]
    page.wait_for_url(lambda url: "paused=1" in url and "from=" in url, timeout=WAIT_MS)
    page.goto(page.url)
    page.wait_for_selector(LIVE, timeout=WAIT_MS)
    again = facts(page)
    assert float(again["from"]) == pytest.approx(float(before["from"]), abs=0.01)
    assert again["zoomed"] == "true"
    page.keyboard.press("l")
    wait_for(lambda: facts(page)["zoomed"] == "false", 5, "live again")
    page.wait_for_url(lambda url: "paused=" not in url, timeout=WAIT_MS)


def test_a_healthy_stretch_is_laid_over_and_a_note_is_seen_by_all(site, feed, page):
    """The newest before the fault, in dashes; the note is a mark and a line, and inert."""
    open_device(page, site, "later", "10 s")
    wait_for(lambda: int(facts(page)["samples"]) > 2500, 30, "a stretch before")
    page.click("[data-do=compare]")
    page.get_by_text("Dashed: the newest healthy stretch").wait_for()
    wait_for(lambda: "acc_x healthy" in page.evaluate(f"{PLOT}.data.map(t => t.name)"), 10)
    page.click("[data-do=note]")
    page.fill(".fl-note-form input", "belt <img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    wait_for(lambda: page.locator(".fl-notes li").count() == 1, 15, "the note")
    assert page.locator(".fl-notes img, .fl-chart image").count() == 0
    marks = f"{PLOT}.layout.shapes.filter(shape => shape.name === 'note').length"
    wait_for(lambda: page.evaluate(marks) == 1, 10, "its mark")
    page.wait_for_url(lambda url: "paused=1" in url, timeout=WAIT_MS)
    page.click('.fl-range > [data-range="live"]')  # of the header, which says the same as the chart
    wait_for(lambda: facts(page)["zoomed"] == "false", 10, "live again")
