"""Channels that come apart, each at times of its own, on one time base."""

from __future__ import annotations

import numpy as np
import pytest

from detector.alignment.lane import ROWS_EVERY_S
from detector.alignment.rules import Rules
from tests.support.messages import T0, TICK_S, Line, message

PERIOD = 0.1
RULES = Rules(wait_s=1.0, hold_s=5.0, late_s=60.0, period_s=PERIOD, needed=frozenset("xyzv"))


def wave(ts):
    """A slow signal, known at any time."""
    return np.sin(np.asarray(ts) - T0)


def apart(seconds=12.0, seed=0):
    """X and y at 10 Hz out of step, z at 50 Hz, v on change: one sample a message."""
    rng = np.random.default_rng(seed)
    made = []
    for name, step, begins in (("x", 0.1, 0.0), ("y", 0.1, 0.037), ("z", 0.02, 0.004)):
        ts = T0 + np.arange(begins, seconds, step)
        ts += rng.uniform(-0.1, 0.1, len(ts)) * step
        made += [(t - T0, message(t, **{name: wave(t)})) for t in ts]
    changes = T0 + np.sort(rng.uniform(0.3, seconds, 6))
    made += [(t - T0, message(t, v=i)) for i, t in enumerate([T0 + 0.01, *changes])]
    return sorted(made, key=lambda pair: pair[0])


def moved(samples, seconds):
    """The same, later."""
    columns = dict(zip(samples.features, samples.values.T, strict=True))
    return message(samples.ts + seconds, **columns)


def column(line, name):
    """Times and values of one channel of what left."""
    features, ts, values = line.table()
    return ts, values[:, features.index(name)]


def test_rows_are_at_the_multiples_of_the_models_period():
    """One after the other, none twice, from the first sample to the last."""
    ts = Line(RULES).play(apart()).table()[1]
    np.testing.assert_allclose(np.diff(ts), PERIOD, atol=1e-6)
    np.testing.assert_allclose(ts / PERIOD, np.round(ts / PERIOD), atol=1e-3)
    assert ts[0] == pytest.approx(T0, abs=0.11)
    assert ts[-1] == pytest.approx(T0 + 12, abs=0.21)


@pytest.mark.parametrize("seed", range(10))
def test_any_order_within_the_wait_gives_the_same_rows(seed):
    """Live equals offline: the same messages at once, or each up to a wait late."""
    timed = apart(seed=seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(timed))
    offline = Line(RULES)
    offline.send(*(timed[i][1] for i in order))
    offline.now = 100.0
    offline.rest()
    live = Line(RULES).play([(at + rng.uniform(0, 0.9), one) for at, one in timed])
    assert live.table()[0] != ()
    features, ts, values = live.table()
    places = [offline.table()[0].index(name) for name in features]
    np.testing.assert_allclose(ts, offline.table()[1], atol=1e-6)
    np.testing.assert_allclose(values, offline.table()[2][:, places], atol=1e-6)


def test_a_neighbour_that_comes_after_the_row_but_within_the_wait_counts():
    """Each message nearly a whole wait late, the next sample eight rows on."""
    timed = [(t + 0.02, message(T0 + t, x=wave(T0 + t))) for t in np.arange(0, 12, 0.1)]
    timed += [(t + 0.95, message(T0 + t, y=wave(T0 + t))) for t in np.arange(0.03, 12, 0.8)]
    rules = Rules(wait_s=1.0, hold_s=5.0, late_s=60.0, period_s=PERIOD, needed=frozenset("xy"),
                  methods={"y": "linear"})  # fmt: skip
    ts, y = column(Line(rules).play(timed), "y")
    inside = (ts > T0 + 1) & (ts < T0 + 11)
    np.testing.assert_allclose(y[inside], wave(ts[inside]), atol=0.1)


def test_a_row_leaves_within_the_wait():
    """Also where a channel is sent on change, of which nobody knows when it comes again."""
    line = Line(RULES).play(apart())
    waits = [when - (block.samples.ts[-1] - T0) for when, block in line.out[5:-1]]
    assert max(waits) < RULES.wait_s + 2.5 * PERIOD + ROWS_EVERY_S + 2 * TICK_S


def test_rows_leave_sooner_where_every_channel_comes_regularly():
    """Each has been heard up to the row's time, so nothing is left to wait for."""
    timed = [pair for pair in apart() if "v" not in pair[1].features]
    rules = Rules(wait_s=1.0, hold_s=5.0, late_s=60.0, period_s=PERIOD, needed=frozenset("xyz"))
    line = Line(rules).play(timed)
    waits = [when - (block.samples.ts[-1] - T0) for when, block in line.out[30:-5]]
    assert np.median(waits) < 0.35


def test_neighbours_are_joined_by_a_line():
    """Where a channel's samples fall between the rows."""
    ts, y = column(Line(RULES).play(apart()), "y")
    inside = (ts > T0 + 0.3) & (ts < T0 + 11.5)
    np.testing.assert_allclose(y[inside], wave(ts[inside]), atol=0.003)


def test_a_faster_channel_is_averaged():
    """Over the period that ends at the row."""
    ts, z = column(Line(RULES).play(apart()), "z")
    inside = (ts > T0 + 0.3) & (ts < T0 + 11.5)
    np.testing.assert_allclose(z[inside], wave(ts[inside] - PERIOD / 2), atol=0.02)


def test_a_value_sent_on_change_is_held():
    """Until the next one, at most for the time it is good for."""
    timed = [pair for pair in apart() if "v" not in pair[1].features]
    timed += [(1.0, message(T0 + 1.0, v=7)), (9.0, message(T0 + 9.0, v=8))]
    ts, v = column(Line(RULES).play(timed), "v")
    since = ts - T0
    assert np.isnan(v[since < 0.95]).all()
    assert (v[(since > 1.0) & (since < 5.95)] == 7).all()
    assert np.isnan(v[(since > 6.05) & (since < 8.95)]).all()
    assert (v[since > 9.05] == 8).all()


@pytest.mark.parametrize("first", [0.0, 7.0])
def test_one_channel_on_change_beside_whole_messages_is_held(first):
    """Also when it is first heard long after the others."""
    rules = Rules(wait_s=1.0, hold_s=60.0, late_s=60.0, period_s=PERIOD, needed=frozenset("xyv"))
    ts = T0 + np.arange(0, 30, PERIOD)
    timed = [(t - T0, message(t, x=wave(t), y=wave(t))) for t in ts]
    timed += [(first, message(T0 + first, v=600)), (20.0, message(T0 + 20.0, v=900))]
    line = Line(rules).play(timed)
    when, v = column(line, "v")
    assert (v[(when > T0 + first + 8) & (when < T0 + 19.9)] == 600).all()
    assert (v[when > T0 + 20.1] == 900).all()
    np.testing.assert_allclose(column(line, "x")[1], wave(when), atol=1e-5)


def test_a_missing_value_is_missing():
    """A sensor that says so is not held."""
    timed = [pair for pair in apart() if "v" not in pair[1].features]
    timed += [(1.0, message(T0 + 1.0, v=7)), (3.0, message(T0 + 3.0, v=np.nan))]
    ts, v = column(Line(RULES).play(timed), "v")
    assert (v[(ts > T0 + 1.0) & (ts < T0 + 2.95)] == 7).all()
    assert np.isnan(v[ts > T0 + 3.05]).all()


def test_no_rows_are_made_of_silence():
    """A machine that is off for an hour leaves a gap, not 36,000 held rows."""
    rest = [(at + 3600, moved(one, 3600)) for at, one in apart(6.0, seed=2)]
    line = Line(RULES).play(apart(6.0))
    line.now = 3600.0
    ts = line.play(rest).table()[1]
    assert len(ts) < (6.5 + 5.0 + 6.5) / PERIOD
    assert np.diff(ts).max() > 3500


@pytest.mark.parametrize(("how", "of_step"), [("hold", 1.0), ("linear", 0.0)])
def test_the_settings_say_otherwise(how, of_step):
    """A channel at 2 Hz is a staircase by itself, or a line where that is asked for."""
    rules = Rules(wait_s=1.0, hold_s=5.0, late_s=60.0, period_s=PERIOD, needed=frozenset("xyzv"),
                  methods={"v": how})  # fmt: skip
    timed = [pair for pair in apart() if "v" not in pair[1].features]
    timed += [(t, message(T0 + t, v=t)) for t in np.arange(0.05, 12, 0.5)]
    ts, v = column(Line(rules).play(timed), "v")
    inside = (ts > T0 + 1) & (ts < T0 + 11)
    behind = ts[inside] - T0 - v[inside]
    assert behind.max() == pytest.approx(0.45 * of_step, abs=0.02)


def test_a_new_channel_joins_the_others():
    """The rows go on, wider by one."""
    late = [(at, one) for at, one in apart() if "v" not in one.features or at > 6]
    features, ts, values = Line(RULES).play(late).table()
    np.testing.assert_allclose(np.diff(ts), PERIOD, atol=1e-6)
    v = values[:, features.index("v")]
    assert np.isnan(v[ts < T0 + 5.9]).all()
    assert np.isfinite(v[-5:]).all()


def test_a_restart_goes_on_where_it_stopped():
    """The next row is the next; a value sent on change long ago is known from the last row."""
    timed = apart(20.0)
    whole = Line(RULES).play(timed)
    features, ts, values = whole.table()
    cut = 80

    class Stored:
        """The newest frame of an earlier run."""

    last = Stored()
    last.features, last.ts, last.values = features, ts[:cut], values[:cut]
    again = Line(RULES, last=last).play([p for p in timed if p[1].ts[-1] > ts[cut - 1]])
    assert again.table()[0] == features
    np.testing.assert_allclose(again.table()[1], ts[cut:], atol=1e-6)
    np.testing.assert_allclose(again.table()[2], values[cut:], atol=1e-5)


def test_without_a_model_the_fastest_regular_channel_sets_the_time_base():
    """Learnt from what comes."""
    rules = Rules(wait_s=1.0, hold_s=5.0, late_s=60.0)
    ts = Line(rules).play(apart(20.0)).table()[1]
    assert np.median(np.diff(ts[-100:])) == pytest.approx(0.02, rel=0.05)
