"""The chart's own logic, run in the browser it is written for."""

from __future__ import annotations

from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser


def test_a_frame_received_twice_is_taken_once(run):
    """Snapshot and updates overlap; a frame is known by its id."""
    assert run("return fed(block(1, 0, 5), block(2, .05, 5), block(1, 0, 5)).length") == 10


def test_a_new_session_breaks_the_line(run):
    """Even when it follows without a pause."""
    assert run('return gaps(fed(block(1, 0, 5), block(2, .05, 5, {session: "t"})))') == 1


def test_a_hole_breaks_the_line(run):
    """A pause longer than the session's limit, and only such a one."""
    assert run("return gaps(fed(block(1, 0, 5), block(2, .06, 5)))") == 0
    assert run("return gaps(fed(block(1, 0, 5), block(2, 1, 5)))") == 1


def test_a_break_survives_decimation(run):
    """However coarse the buckets are."""
    code = (
        "return drawn(fed(block(1, 0, 500), block(2, 9, 500)), 64).y.filter(v => v === null).length"
    )
    assert run(code) == 1


def test_missing_values_are_not_bridged(run):
    """Warm-up has no score, so the line begins after it."""
    code = "const b = block(1, 0, 6); b.values[0].fill(NaN, 2, 4); return gaps(fed(b))"
    assert run(code) == 1


def test_the_score_goes_on_over_windows_left_out_but_not_over_a_warm_up(run):
    """A judged sample without a score was left out in an overload."""
    code = (
        "const score = [1, NaN, NaN, 1, 1, NaN, 1]; const judged = [1, 1, 1, 1, 1, 0, 1];"
        "const ring = fed(block(1, 0, 7, {score, judged}));"
        "return line(ring, ring.score, 0, 7, 1, t => t, true).y"
    )
    assert run(code) == [1, 1, 1, None, 1]


def test_a_clock_that_jumps_back_starts_anew(run):
    """A replay started again does not draw over the earlier one."""
    code = 'return fed(block(1, 100, 50), block(2, 10, 20, {session: "t"})).length'
    assert run(code) == 20


def test_a_device_with_other_features_starts_anew(run):
    """The columns of old samples mean something else."""
    code = """const ring = fed(block(1, 0, 9), block(2, 1, 4, {features: ["b"]}));
              return [ring.length, ring.features]"""
    assert run(code) == [4, ["b"]]


def test_the_ring_grows_to_the_window_and_no_further(run):
    """Samples older than the window make room for new ones."""
    code = """const ring = new Ring(); ring.keep_s = KEEP;
              for (let i = 0; i < 200; i++) ring.push(block(i, i, 100), 0.03);
              return [ring.length >= KEEP * 100, ring.capacity]"""
    assert run(code.replace("KEEP", "150")) == [True, 16384]
    assert run(code.replace("KEEP", "10")) == [True, 4096]


def test_decimation_keeps_the_extremes_and_the_number_of_points(run):
    """A single spike in a minute of samples is drawn at its full height."""
    code = """const b = block(1, 0, 6000); b.values[0][3333] = 42;
              const ring = fed(b), {y} = drawn(ring, bucketOf(6000, 1000));
              return [y.length, Math.max(...y)]"""
    points, highest = run(code)
    assert 500 < points <= 1000
    assert highest == 42


def test_a_range_that_fills_is_drawn_alike_from_its_beginning(run):
    """Ten seconds of a minute get a sixth of its points: with more, lines would become paint."""
    code = """const bucket = n => {
                const ring = fed(block(1, 0, n)), end = ring.lastTs;
                return new Figure().stretch(ring, [end - 60, end], 1).bucket;
              };
              return [1, 3, 20, 200, 1000, 3000, 6000].map(bucket)"""
    assert run(code) == [1, 3, 13, 13, 13, 13, 13]


def test_pauses_between_bursts_are_no_gaps_and_a_lost_burst_is(run):
    """Of a burst of a second every six, unless only few came yet."""
    code = """const {gapsOf} = await import(url("device/marks"));
              const silent = starts => {
                const ring = fed(...starts.map((s, i) => block(i, s, 100)));
                const found = gapsOf(ring, {from: ring.first, to: ring.next}, 2);
                return found.map(({start, end}) => Math.round(end - start));
              };
              return [silent([0, 6, 12, 18, 24, 36, 42, 48]), silent([0, 6, 12])]"""
    assert run(code) == [[11], [5, 5]]


def test_decimated_points_stay_where_they_are(run):
    """Buckets are aligned to the samples, so a moving window does not flicker."""
    code = """const ring = fed(block(1, 0, 5000));
              const at = from => line(ring, ring.values[0], from, 5000, 12, t => t).x;
              const early = new Set(at(0));
              return at(605).filter(x => !early.has(x)).length"""
    assert run(code) <= 2  # of the first bucket, which is cut


def test_no_anomaly_is_lost(run):
    """One sample among 100,000 is marked; of many, each bucket keeps its worst."""
    code = """const b = block(1, 0, 100000); b.score[77777] = 9;
              const one = anomalies(fed(b), 1, 0, 100000, 300);
              b.score.fill(2); b.score[5] = 7; b.score[60000] = 8;
              const many = anomalies(fed(b), 1, 0, 100000, 300);
              return [one.shown, many.count, many.shown.length <= 300,
                      many.shown.includes(5) && many.shown.includes(60000)]"""
    assert run(code) == [[77777], 100_000, True, True]


def test_a_sample_that_is_not_judged_is_no_anomaly(run):
    """Whatever its score; the stretch is reported for shading."""
    code = """const b = block(1, 0, 100); b.score.fill(5); b.judged.fill(0, 20, 60);
              const ring = fed(b), found = anomalies(ring, 1, 0, 100, 300);
              return [found.count, notJudged(ring, 0, 100, 0.1)]"""
    count, stretches = run(code)
    assert count == 60
    assert stretches == [pytest.approx([0.2, 0.59])]


def test_an_axis_grows_at_once_and_shrinks_late(run):
    """The scale does not jump with every update."""
    code = """const axis = new SteadyRange();
              const steps = [[[-1, 1], 0], [[-.9, .95], 500], [[-3, 1], 1000], [[-.1, .1], 1500],
                             [[-.1, .1], 9000], [[-.1, .1], 20000]];
              return steps.map(([extent, now]) => axis.update(extent, now).join())"""
    first, steady, grown, held, still, shrunk = run(code)
    assert first == steady
    assert grown != steady
    assert held == still == grown
    assert shrunk != grown


def test_time_ticks_are_round_in_local_time(run):
    """Also where the zone is half an hour off."""
    code = "return timeTicks(1700000003, 1700014403, 480).text"
    assert run(code) == ["04:00:00", "05:00:00", "06:00:00", "07:00:00"]
    assert run("return clock(1700000000.256, 2)") == "03:43:20.26"


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (-0.62, 0.71, ["-0.5", "0.0", "0.5"]),
        (0, 2.4, ["0", "1", "2"]),
        (17.8, 22.3, ["18", "20", "22"]),
        (998, 1002.5, ["998", "1000", "1002"]),
    ],
)
def test_value_ticks_are_round_and_few(run, low, high, texts):
    """At least three, with as many digits as they need."""
    assert run(f"return valueTicks([{low}, {high}], 3).text") == texts


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
