"""The chart's own logic, run in the browser it is written for."""

from __future__ import annotations

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
