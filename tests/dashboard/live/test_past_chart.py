"""What is drawn of a device's past: every extreme, red for anomalies alone, nothing in a gap."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser
OF = "const of = (drawing, name) => drawing.data.find(trace => trace.name === name);"


def test_the_band_reaches_every_extreme_and_nothing_is_drawn_in_a_gap(run):
    """From the beginning of the first bucket to the end of the last; the gap has its reason."""
    code = f"""{OF} const made = past(bucketed());
    const lies = of(made, "a band"), finite = lies.y.filter(Number.isFinite);
    const within = made.data.flatMap(t => t.x).filter(x => x !== null && x > 120000 && x < 180000);
    const words = made.layout.shapes.map(shape => shape.label?.text).filter(Boolean);
    return [Math.min(...finite), Math.max(...finite), lies.x[0], Math.max(...lies.x), within.length,
            lies.x.filter(x => x === null).length, words]"""
    low, high, first, last, within, cuts, words = run(code)
    assert (low, high, first, last) == (-1, 7, 0, 300_000)
    assert (within, cuts) == (0, 2)
    assert "no samples came" in words


def test_anomalous_buckets_are_marked_on_the_features_that_an_alarm_blames(run):
    """Without an alarm on the score alone."""
    code = """
    const alarm = {kind: "score", start: 265, end: null, contributions: {a: 1, b: 9}};
    const blamed = {...alarm, contributions: {a: 8, b: 2}};
    const marks = stretch => {
      const made = past(stretch);
      const path = made.layout.shapes.find(shape => shape.name === "score anomalies").path;
      return [made.anomalies, made.marked.a, path.split("M").length - 1];
    };
    return [[], [alarm], [blamed]].map(alarms => marks(bucketed({alarms})))
    """
    assert run(code) == [[9, 0, 3], [9, 0, 3], [9, 3, 3]]


def test_a_stretch_of_samples_breaks_at_its_gaps(run):
    """As the server tells them, whatever the sampling."""
    code = f"""{OF} const blocks = [block(1, 0, 500), block(2, 9, 500)];
    const header = {{kind: "samples", from: 0, to: 14, held: [0, 14], blocks, alarms: []}};
    const y = gaps => of(past(new Stretch({{...header, gaps}})), "a raw").y;
    const gap = {{start: 4.99, end: 9, reason: "silent", detail: null}};
    return [y([]), y([gap])].map(y => y.filter(v => v === null).length)"""
    assert run(code) == [0, 1]


def test_pauses_between_bursts_are_no_gaps_of_the_past_either(run):
    """A lost burst is, and so is what cannot be read; no line leads over any of them."""
    code = f"""{OF} const at = [0, 6, 12, 18, 24, 36, 42];
    const blocks = at.map((start, i) => block(i, start, 100));
    const silences = at.slice(1).map((end, i) => (
      {{start: at[i] + .99, end, reason: end === 42 ? "lost" : "silent", detail: null}}));
    const stretch = new Stretch({{
      kind: "samples", from: 0, to: 43, held: [0, 43], blocks, alarms: [], gaps: silences}});
    return [stretch.gaps.map(gap => gap.end),
      of(past(stretch), "a raw").y.filter(v => v === null).length]"""
    assert run(code) == [[36, 42], 6]


def test_the_healthy_stretch_is_laid_over_in_dashes(run):
    """Moved to where the range begins, however each of the two is stored."""
    code = f"""{OF}
    const healthy = {{stretch: bucketed(), shift_s: 1000, range: [0, 100]}};
    const seen = bucketed({{from: 1000, to: 1300}});
    const made = past(seen, {{compare: healthy, range: [1000, 1100]}});
    const over = of(made, "a healthy"), x = over.x.filter(x => x !== null);
    return [over.line.dash !== undefined, Math.min(...x), Math.max(...x) <= 105000]"""
    assert run(code) == [True, 5000, True]


@pytest.mark.parametrize("device", ["press-1", "<img src=x onerror=alert(1)>"])
def test_nothing_stored_and_one_sample_are_drawn(run, device):
    """A time without data says so; a single sample is there; a name is text."""
    code = f"""
    const empty = Object.fromEntries(["ts", "width", "score", "threshold", "anomalies", "running",
      "breaks"].map(name => [name, new Float32Array(0)]));
    const none = past(bucketed({{features: [], gaps: [], samples: 0,
      buckets: {{...empty, low: [], mean: [], high: []}}}}), {{card: null}});
    const b = block(1, 5, 1, {{features: [{device!r}]}});
    const header = {{kind: "samples", from: 0, to: 9, blocks: [b], alarms: [], gaps: []}};
    const one = past(new Stretch(header), {{card: null}});
    return [none.layout.annotations.map(a => a.text).join(), one.layout.annotations[0].text]"""
    none, one = run(code)
    assert "Nothing is stored of this time." in none
    assert "<img" not in one


def test_the_ticks_of_days_have_dates(run):
    """Where a range has several days, or is longer than a month."""
    code = """const at = Date.UTC(2026, 2, 1, 12) / 1000;
    return [3600, 2 * 86400, 60 * 86400].map(span => timeTicks(at, at + span, 900).text)"""
    hour, days, months = run(code)
    assert all(len(text) == 8 for text in hour)
    assert sum("<br>03-0" in text for text in days) in {2, 3}
    assert all(len(text) == 5 and text[2] == "-" for text in months)


def test_standing_still_moves_by_parts_and_ends_at_the_newest(run):
    """More time is never more of the future."""
    code = """const {View} = await import(url("device/past/view"));
    let moves = 0; const view = new View(() => moves++), live = [90, 100], newest = 100;
    const seen = [];
    const act = (name, ...given) => { view[name](...given); seen.push(view.fixed); };
    act("scale", 2, live, newest); act("scale", 2, live, newest); act("move", -1, live, newest);
    act("scale", 0.5, live, newest); act("move", 1, live, newest); act("move", 9, live, newest);
    act("show", [4, 4]);
    return [seen, moves]"""
    seen, moves = run(code)
    assert seen == [[80, 100], [60, 100], [20, 60], [30, 50], [50, 70], None, [3.9, 4.1]]
    assert moves == 7
