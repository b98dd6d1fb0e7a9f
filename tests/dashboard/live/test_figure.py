"""What the chart makes of its samples, run in the browser it is written for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dashboard.pages.features import MOST

pytestmark = pytest.mark.browser


def test_a_band_holds_every_value_of_its_bucket(run):
    """Also beside a hole, over which no band leads."""
    code = """const ring = fed(block(1, 0, 995), block(2, 20, 1000));
              ring.values[0][333] = 42;
              const {outline, edges} = band(ring, ring.values[0], 0, ring.next, 10, t => t);
              return [Math.max(...outline.y), outline.y.filter(v => v === null).length,
                      edges.x.filter((x, i) => edges.y[i] !== null && x > 9.95 && x < 20).length]"""
    assert run(code) == [42, 2, 0]


def test_no_peak_of_the_error_is_lost(run):
    """The error is the distance of signal and reconstruction; a bucket shows its largest."""
    code = """const ring = modelled(); ring.values[0][1234] += 7;
              const of = bucket => errors(ring, 0, 0, ring.next, bucket, t => t);
              const at = of(1).y[777], is = Math.abs(ring.values[0][777] * .1);
              return [Math.max(...of(1).y), Math.max(...of(24).y), of(24).y.length, at - is]"""
    every, bucketed, points, off = run(code)
    assert every == bucketed > 6
    assert points == 250
    assert off == pytest.approx(0, abs=0.02)


def test_an_error_is_not_drawn_where_there_is_none(run):
    """Neither in warm-up nor across a hole."""
    code = """const b = block(1, 0, 100, {reconstruction: [Array(100).fill(0)]});
              b.reconstruction[0].fill(NaN, 0, 20);
              const ring = fed(b, block(2, 5, 50, {reconstruction: [Array(50).fill(0)]}));
              const {y} = errors(ring, 0, 0, ring.next, 1, t => t);
              return [y.length, y.indexOf(null)]"""
    assert run(code) == [131, 80]


def test_only_the_features_that_caused_an_anomaly_are_marked(run):
    """Those that contributed at least half of what the largest did."""
    assert run("return built(modelled(), 60).marked") == {"a": 0, "b": 100}
    assert run("return built(modelled(6000, [200, 255]), 60).marked") == {"a": 100, "b": 100}
    assert run("return caused(modelled(6000, [127, 128]), 0, 9)") is False


def test_what_nobody_is_notified_of_is_outlined_below_the_alarms(run):
    """No fill and no red, whichever of the two came first."""
    code = """
      const colours = {...theme, alarm: "pink", anomaly: "red", faint: "grey"};
      const alarms = ["score", "provisional"].map(kind => ({kind, start: 10, end: 50}));
      const view = {theme: colours, card, alarms, threshold: 1, width: 1000, note: null};
      const {shapes} = new Figure().build(modelled(), {...view, range: [1, 61]}).layout;
      return shapes.filter(one => one.label?.text.includes("alarm")).map(one => [
        one.label.text, one.label.font.color, one.fillcolor, one.line.dash ?? "none"])
    """
    assert run(code) == [
        ["provisional alarm", "grey", "rgba(0, 0, 0, 0)", "dash"],
        ["alarm", "red", "pink", "none"],
    ]


def test_each_frame_brings_its_own_shares(run):
    """A fault may move from one feature to another."""
    code = """const two = {features: ["a", "b"], values: [[0, 0, 0, 0], [0, 0, 0, 0]],
                           reconstruction: [null, null], frames: 2, ids: [1, 1, 2, 2],
                           shares: [255, 0, 0, 255]};
              const ring = fed(block(1, 0, 4, two));
              return [0, 1, 2, 3].map(i => [caused(ring, 0, i), caused(ring, 1, i)])"""
    assert run(code) == [[True, False]] * 2 + [[False, True]] * 2


def test_a_wide_range_is_bands_beside_a_lens_of_every_sample(run):
    """So that wave and reconstruction can be told apart at both."""
    drawn = run("const d = built(modelled(), 60); return [names(d), d.lens_s]")
    assert {"a raw", "a reconstruction", "a reconstruction edges", "a error"} <= set(drawn[0])
    assert {"a raw, lens", "a reconstruction, lens", "b error, lens"} <= set(drawn[0])
    assert drawn[1] == 2
    lens = "built(modelled(), 60).data.find(trace => trace.name === 'a raw, lens')"
    assert run(f"return {lens}.x.length") >= 200


def test_a_narrow_range_or_page_has_no_lens(run):
    """Three seconds are their own lens, and a telephone has no room for one."""
    for arguments in ("modelled(), 3", "modelled(), 60, 400"):
        drawn = run(f"const d = built({arguments}); return [names(d), d.lens_s, d.layout.xaxis2]")
        assert drawn[1:] == [0, None]
        assert not [name for name in drawn[0] if "lens" in name]


def test_signal_error_and_lens_share_no_room(run):
    """Every row has its own place, top to bottom."""
    axes = run("""const {layout} = built(modelled(), 60);
                  return ["", 2, 3, 4, 5].map(n => layout[`yaxis${n}`].domain)""")
    for (low, high), (_, below) in pairwise(axes):
        assert low < high
        assert below < low


def test_of_many_features_those_behind_an_anomaly_are_drawn(run):
    """They stay until others are behind later ones; what is said meanwhile moves no chart."""
    code = """
    const all = Array.from({length: 40}, (_, i) => `c${i}`), rows = new Rows();
    rows.follow({c30: .6, c31: .4}, false);
    const opened = rows.of(all);
    rows.follow({c5: .9, c6: .1}, false);
    const quiet = rows.of(all);
    rows.follow({c39: .9, c20: .06, c1: .01}, true);
    return [MOST_ROWS, opened, quiet, rows.of(all), rows.of(all, ["c9", "c8"]), rows.of(["a"])]
    """
    most, opened, quiet, anomalous, chosen, few = run(code)
    assert most == len(opened) == len(anomalous) == MOST
    assert quiet == opened == [*(f"c{i}" for i in range(6)), "c30", "c31"]
    assert anomalous == ["c0", "c1", "c2", "c3", "c20", "c30", "c31", "c39"]
    assert (chosen, few) == (["c8", "c9"], ["a"])


def test_a_model_without_a_reconstruction_has_no_empty_rows_of_errors(run):
    """One that describes the signal, or tells a distance; while nothing is scored, nobody knows."""
    code = """
    const height = (reconstruction, score) => built(fed(block(1, 0, 3000, {
      features: ["a", "b"], shares: [255, 255], score: Array(3000).fill(score), reconstruction,
      values: [Array(3000).fill(1), Array(3000).fill(2)]})), 20);
    const zeros = Array(3000).fill(0);
    const rows = d => names(d).filter(n => n.endsWith(" error")).length;
    const [whole, unknown, none] =
      [height([zeros, zeros], 1), height([null, null], NaN), height([null, null], 1)];
    return [rows(whole), rows(unknown), rows(none), whole.layout.height - none.layout.height]
    """
    whole, unknown, none, saved = run(code)
    assert (whole, unknown, none) == (2, 2, 0)
    assert saved > 50


def test_bursts_are_drawn_as_points(run):
    """Sessions of three samples, beside one long session."""
    code = """
    const bursts = fed(...Array.from({length: 9}, (_, i) => block(i, 5 * i, 3, {session: `${i}`})));
    const modes = ring => built(ring, 60).data.filter(t => t.name === "a raw").map(t => t.mode);
    return [modes(bursts), modes(fed(block(1, 0, 300)))]
    """
    assert run(code) == [["lines+markers"], ["lines"]]
