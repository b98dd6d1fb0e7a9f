"""Where thresholds are placed, and what is said of false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from detector.errors import TrainingError
from detector.thresholds.best_f2 import false_alarm_events
from detector.thresholds.methods import METHODS, ScoredRun, ThresholdRule, place_threshold
from detector.thresholds.tail import BLOCK_S, block_maxima, fit_tail, pot_threshold

PERIOD_S = 0.1
SCORES = hnp.arrays(np.float64, st.integers(2, 80), elements=st.floats(0, 100))


def lognormal(n, seed=0):
    """Normal scores with a tail, shape (n,)."""
    return np.exp(np.random.default_rng(seed).normal(0, 0.3, n))


def labelled(n=20_000, fault=500):
    """A run with one fault that scores five times as high."""
    scores, faulty = lognormal(n), np.zeros(n, np.bool_)
    faulty[n // 2 : n // 2 + fault] = True
    scores[faulty] *= 5
    return ScoredRun(scores, faulty)


def place(method, *runs, **rule):
    """Place a threshold on runs of plain scores or of labelled ones."""
    scored = [run if isinstance(run, ScoredRun) else ScoredRun(run) for run in runs]
    return place_threshold(method, scored, PERIOD_S, ThresholdRule(**rule))


def test_max_is_the_largest_score_times_the_margin():
    """25 % above it unless told otherwise; NaN is not judged."""
    scores = np.array([1.0, np.nan, 4.0, 2.0])
    assert place("max", scores).value == 5.0
    assert place("max", scores, margin=1.5).value == 6.0
    assert place("max", scores).windows == 3


def test_quantile_is_a_score_that_was_seen():
    """Of 1..1000 the 99 % quantile is 991, the next one above; 0.999 leaves one out."""
    scores = np.arange(1.0, 1001.0)
    assert place("quantile", scores, quantile=0.99).value == 991.0
    assert place("quantile", scores).value == 1000.0


def test_sigma_is_the_mean_and_deviations_above_it():
    """Of a Gaussian with mean 10 and sd 2, four deviations are 18."""
    scores = np.random.default_rng(0).normal(10, 2, 100_000)
    assert place("sigma", scores).value == pytest.approx(18, abs=0.1)
    assert place("sigma", scores, deviations=2).value == pytest.approx(14, abs=0.1)


def test_f2_lies_between_normal_and_faulty_where_they_are_apart():
    """Half way, so that neither side is at the edge."""
    scores = np.array([1.0, 2.0, 1.5, 8.0, 9.0, 1.0])
    faulty = np.array([0, 0, 0, 1, 1, 0], np.bool_)
    placed = place("f2", ScoredRun(scores, faulty))
    assert placed.value == 5.0
    assert (placed.windows, placed.false_alarms) == (4, 0)


def test_f2_takes_two_false_samples_to_find_one_more_fault():
    """By hand: at 3.5 tp 2, fn 1, fp 0 give 10/14; at 1.5 tp 3, fp 2 give 15/17."""
    scores = np.array([1.0] * 300 + [3.0] + [1.0] * 300 + [3.0, 2.0, 4.0, 5.0])
    faulty = np.array([0] * 602 + [1] * 3, np.bool_)
    assert place("f2", ScoredRun(scores, faulty), false_alarms_per_hour=200).value == 1.5
    assert place("f2", ScoredRun(scores, faulty), false_alarms_per_hour=0).value == 3.5


def test_f2_refuses_data_without_labels_or_without_hope():
    """One line each."""
    with pytest.raises(TrainingError, match=r"f2: no scored sample is labelled.*quantile"):
        place("f2", lognormal(100))
    upside_down = ScoredRun(np.array([5.0, 5.0, 1.0]), np.array([False, False, True]))
    with pytest.raises(TrainingError, match="f2: no threshold finds a labelled sample"):
        place("f2", upside_down, false_alarms_per_hour=0)


@pytest.mark.parametrize("method", ["max", "quantile", "sigma", "pot"])
def test_faulty_samples_count_for_no_other_method(method):
    """Labelled faults move nothing, however high they score."""
    run = labelled()
    weaker = ScoredRun(np.where(run.faulty, 0.5, run.scores), run.faulty)
    assert place(method, run) == place(method, weaker)


def test_pot_finds_the_level_of_a_known_tail():
    """Logs of maxima that are exponential reach -ln p with probability p."""
    rng = np.random.default_rng(0)
    per_day = 86_400 / BLOCK_S
    for alarms in (0.1, 1.0, 10.0):
        true = -np.log(alarms / per_day)
        found = [np.log(pot_threshold(np.exp(rng.exponential(size=5000)), alarms)) for _ in "1234"]
        assert np.mean(found) == pytest.approx(true, rel=0.1)


@pytest.mark.parametrize("shape", [-0.4, -0.2, 0.0])
def test_the_tail_that_was_drawn_is_fitted(shape):
    """Shape within 0.07, scale within 10 %, of the generalised Pareto distribution."""
    uniform = np.random.default_rng(1).uniform(size=4000)
    drawn = -2 * np.log(uniform) if shape == 0 else 2 * (uniform**-shape - 1) / shape
    found, scale = fit_tail(drawn)
    assert found == pytest.approx(shape, abs=0.07)
    assert scale == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize(("shape", "kept"), [(-1.0, -0.5), (0.8, 0.1)])
def test_the_shape_stays_within_what_maxima_show(shape, kept):
    """A bounded tail and a very heavy one end at the limits."""
    uniform = np.random.default_rng(1).uniform(size=2000)
    assert fit_tail((uniform**-shape - 1) / shape)[0] == pytest.approx(kept)


def test_pot_refuses_few_blocks_and_scores_without_spread():
    """Twenty minutes are needed; one score over and over has no tail."""
    with pytest.raises(TrainingError, match=r"pot: 100 blocks .*at least 120 \(20 minutes\)"):
        place("pot", lognormal(10_000))
    with pytest.raises(TrainingError, match=r"pot: .* same score"):
        place("pot", np.ones(20_000))


def test_blocks_do_not_cross_runs_and_need_half_their_scores():
    """Ten seconds each; a remainder, and a block mostly not judged, give none."""
    first = np.arange(250.0)  # 25 s: two blocks
    second = np.full(200, 7.0)
    second[:49], second[100:151] = np.nan, np.nan
    np.testing.assert_array_equal(block_maxima([first, second], PERIOD_S), [99, 199, 7])
    assert len(block_maxima([], PERIOD_S)) == 0


def test_crossings_close_together_are_one_false_alarm():
    """Ten seconds apart are one event, more are two, and runs are events of their own."""
    scores = np.zeros(400)
    scores[[0, 5, 105, 206, 207]] = 2
    assert false_alarm_events([scores], 1.0, PERIOD_S) == 2
    assert false_alarm_events([scores, scores], 1.0, PERIOD_S) == 4
    assert false_alarm_events([scores], 2.0, PERIOD_S) == 0
    assert false_alarm_events([np.full(5, np.nan)], 1.0, PERIOD_S) == 0


def test_the_bound_follows_from_hours_and_false_alarms():
    """None in an hour: 3 per hour; two: 6.3 per hour, by the tables of the Poisson law."""
    hour = np.ones(36_000)
    assert place("max", hour).hours == pytest.approx(1)
    assert place("max", hour).false_alarms_per_day_bound == pytest.approx(2.996 * 24, rel=0.001)
    hour[[100, 5000]] = 2
    placed = place("quantile", hour, quantile=0.9)
    assert (placed.value, placed.false_alarms) == (1.0, 2)
    assert placed.false_alarms_per_day_bound == pytest.approx(6.296 * 24, rel=0.01)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_counts_in_the_unit_of_the_scores(method):
    """Scores a thousand times as large give a threshold a thousand times as large."""
    run = labelled()
    larger = ScoredRun(run.scores * 1000, run.faulty)
    assert place(method, larger).value == pytest.approx(1000 * place(method, run).value)
    assert place(method, larger).method == method


@pytest.mark.parametrize("method", METHODS)
def test_every_method_refuses_scores_that_are_all_missing(method):
    """One line, and no threshold of NaN."""
    with pytest.raises(TrainingError, match="no held-out normal window was scored"):
        place(method, np.full(100, np.nan))


def test_an_unknown_method_is_refused_with_the_methods():
    """The line names all five."""
    with pytest.raises(TrainingError, match="'median', allowed: max, quantile, sigma, pot, f2"):
        place("median", np.ones(5))


@pytest.mark.parametrize("rule", [{"margin": 0.9}, {"quantile": 0}, {"quantile": 1.1},
                                  {"deviations": 0}, {"alarms_per_day": 0},
                                  {"alarms_per_day": 2000}, {"false_alarms_per_hour": -1},
                                  {"margin": float("nan")}])  # fmt: skip
def test_rules_out_of_range_are_refused(rule):
    """The line names the rule and its range."""
    with pytest.raises(TrainingError, match=f"threshold: {next(iter(rule))} .*, allowed: "):
        ThresholdRule(**rule)


@given(SCORES, st.floats(1, 5), st.floats(1, 5))
def test_max_rises_with_its_margin(scores, one, other):
    """And nothing it saw is above it."""
    low, high = sorted((one, other))
    assert scores.max() <= place("max", scores, margin=low).value
    assert place("max", scores, margin=low).value <= place("max", scores, margin=high).value


@given(SCORES, st.floats(0.01, 1), st.floats(0.01, 1))
def test_quantile_rises_and_leaves_its_share_above(scores, one, other):
    """At most the share asked for is above it."""
    low, high = sorted((one, other))
    placed = place("quantile", scores, quantile=low).value
    assert placed <= place("quantile", scores, quantile=high).value
    assert (scores > placed).mean() <= 1 - low + 1e-9


@given(SCORES, st.floats(0.1, 9), st.floats(0.1, 9))
def test_sigma_rises_with_the_deviations(scores, one, other):
    """Never below the mean."""
    low, high = sorted((one, other))
    placed = place("sigma", scores, deviations=low).value
    assert scores.mean() <= placed <= place("sigma", scores, deviations=high).value


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(0.01, 1000), st.floats(0.01, 1000))
def test_pot_falls_with_the_alarms_that_are_accepted(seed, one, other):
    """Fewer accepted alarms never lower it."""
    few, many = sorted((one, other))
    maxima = np.exp(np.random.default_rng(seed).gumbel(0, 0.2, 150))
    assert pot_threshold(maxima, few) >= pot_threshold(maxima, many)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(0, 60), st.floats(0, 60))
def test_f2_grows_with_the_false_alarms_that_are_allowed(seed, one, other):
    """A wider cap never finds a worse threshold, and no cap is broken."""
    few, many = sorted((one, other))
    rng = np.random.default_rng(seed)
    scores, faulty = rng.exponential(size=6000), np.zeros(6000, np.bool_)
    faulty[3000:3100] = True
    scores[faulty] = rng.uniform(2, 20, 100)
    run = ScoredRun(scores, faulty)

    def f2(placed):
        above = scores > placed.value
        hits, false = (above & faulty).sum(), (above & ~faulty).sum()
        return 5 * hits / (hits + false + 4 * faulty.sum())

    tight = place("f2", run, false_alarms_per_hour=few)
    assert tight.false_alarms <= few * tight.hours
    assert f2(tight) <= f2(place("f2", run, false_alarms_per_hour=many))
