"""Metrics against examples worked out by hand."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import TrainingError
from detector.training.lab.confusion import Counts, count, paired_bootstrap
from detector.training.lab.metrics import Interval, LabelledScores, evaluate, stretches

NAN = float("nan")


def session(label, score=None, *, anomaly=None, judged=None, alarms=(), faults=None, period=1.0):
    """Samples ``period`` seconds apart, flagged where the score is above 1."""
    label = np.array(label, np.bool_)
    score = np.zeros(len(label)) if score is None else np.array(score, np.float64)
    return LabelledScores(
        name="s",
        ts=np.arange(len(label)) * period,
        score=score,
        judged=np.ones(len(label), np.bool_) if judged is None else np.array(judged, np.bool_),
        label=label,
        anomaly=score > 1 if anomaly is None else np.array(anomaly, np.bool_),
        alarms=[Interval(*alarm) for alarm in alarms],
        faults=None if faults is None else [Interval(*fault) for fault in faults],
    )


def test_samples_are_counted_by_hand():
    """Of 4 faulty samples 2 are flagged, of 6 normal ones 1."""
    found = evaluate([session([0, 0, 1, 1, 1, 1, 0, 0, 0, 0], [0, 2, 0, 2, 2, 0, 0, 0, 0, 0])])
    assert found.counts == Counts(tp=2, fp=1, fn=2, tn=5)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(1 / 2)
    assert found.f1 == pytest.approx(4 / 7)
    assert found.f2 == pytest.approx(10 / 19)
    assert found.counts.false_alarm_rate == pytest.approx(1 / 6)
    assert found.counts.missed_alarm_rate == pytest.approx(1 / 2)


def test_one_flagged_sample_does_not_find_the_whole_fault():
    """Nothing is point-adjusted: 1 of 100 samples is a recall of 0.01."""
    score = np.zeros(200)
    score[150] = 2
    assert evaluate([session([0] * 100 + [1] * 100, score)]).recall == 0.01


def test_average_precision_by_hand():
    """Ranked 4 (fault), 3, 2 (fault), 1: (1/1 + 2/3) / 2."""
    found = evaluate([session([1, 0, 1, 0], [4, 3, 2, 1])])
    assert found.average_precision == pytest.approx((1 + 2 / 3) / 2)


def test_sessions_are_pooled_not_averaged():
    """A session of 2 samples weighs as 2 samples."""
    one, other = session([1, 0], [2, 0]), session([1] * 8, [0] * 8)
    found = evaluate([one, other])
    assert (found.sessions, found.samples) == (2, 10)
    assert found.recall == pytest.approx(1 / 9)


def test_silence_counts_as_normal():
    """A fault in warm-up or outside the judged states is missed, whatever was computed there."""
    found = evaluate(
        [session([1, 1, 1, 0], [NAN, 9, 2, 9], judged=[1, 0, 1, 0], anomaly=[1, 1, 1, 1])]
    )
    assert found.counts == Counts(tp=1, fp=0, fn=2, tn=1)
    assert found.judged_share == 0.25


def test_silence_ranks_last_in_average_precision():
    """One seen fault on top; the two unseen faults share the last place with a normal sample."""
    found = evaluate([session([1, 1, 1, 0], [NAN, 9, 2, 9], judged=[1, 0, 1, 0])])
    assert found.average_precision == pytest.approx(1 / 3 + 2 / 3 * 3 / 4)


def test_infinite_scores_have_a_rank():
    """A score without bound is the most abnormal of all."""
    assert evaluate([session([1, 0], [math.inf, 5])]).average_precision == 1.0
    assert evaluate([session([0, 1, 0], [-math.inf, 1, 0])]).average_precision == 1.0


def test_a_fault_is_found_by_an_alarm_during_it():
    """Of three faults one gets an alarm after 3 s, one has it up already, one has it too late."""
    label = np.zeros(300)
    label[100:120] = label[150:160] = label[200:210] = 1
    found = evaluate([session(label, alarms=[(103, 152), (211, 220)])])
    assert (found.faults, found.faults_found) == (3, 2)
    assert found.event_recall == pytest.approx(2 / 3)
    assert found.median_delay_s == 1.5


def test_the_first_alarm_of_a_fault_gives_its_delay():
    """Whatever order they come in, and with the last still active."""
    label = [0] * 10 + [1] * 50
    found = evaluate([session(label, alarms=[(40, math.inf), (14, 20)])])
    assert (found.faults_found, found.median_delay_s, found.false_alarms) == (1, 4.0, 0)


def test_faults_may_be_given_apart_from_labels():
    """Two faults that follow each other at once are two, though the label has one stretch."""
    label = [0] * 5 + [1] * 10
    found = evaluate([session(label, faults=[(5, 9), (10, 14)], alarms=[(11, 12)])])
    assert (found.faults, found.faults_found, found.median_delay_s) == (2, 1, 1.0)


def test_an_alarm_raised_without_a_fault_is_false_even_if_one_follows():
    """An alarm that is always up finds every fault, but it costs a false alarm."""
    found = evaluate([session([0] * 10 + [1] * 10, alarms=[(2, math.inf)])])
    assert (found.faults_found, found.false_alarms, found.median_delay_s) == (1, 1, 0.0)


def test_false_alarms_are_counted_per_judged_normal_hour():
    """Two hours of which one is faulty or not judged: 2 false alarms per hour, at most 6.3."""
    n = 7200
    label = np.zeros(n)
    label[3600:5400] = 1
    judged = np.ones(n)
    judged[5400:] = 0
    found = evaluate([session(label, judged=judged, alarms=[(5, 6), (100, 110), (3700, 3800)])])
    assert found.normal_hours == 1.0
    assert (found.false_alarms, found.false_alarms_per_hour) == (2, 2.0)
    assert found.false_alarms_per_hour_bound == pytest.approx(6.296, rel=0.01)


def test_hours_follow_the_sampling_period():
    """The same samples at 10 Hz are a tenth of the time."""
    assert evaluate([session([0] * 3600, period=0.1)]).normal_hours == pytest.approx(0.1)
    assert evaluate([session([0])]).normal_hours == 0.0


def test_false_shares_before_and_after_are_kept_apart():
    """Of 10 samples before 1 is flagged, of 20 after 5; the fault counts for neither."""
    label = [0] * 10 + [1] * 10 + [0] * 20
    score = [2] + [0] * 9 + [2] * 10 + [2] * 5 + [0] * 15
    found = evaluate([session(label, score)])
    assert (found.false_share_before, found.false_share_after) == (0.1, 0.25)


def test_a_machine_recovers_for_as_long_as_is_said():
    """With 4 s of recovery the fifth flagged sample, and what follows, is before again."""
    label = [0] * 10 + [1] * 10 + [0] * 20
    score = [2] + [0] * 9 + [2] * 10 + [2] * 5 + [0] * 15
    alarms = [(21, 22), (30, 31)]
    found = evaluate([session(label, score, alarms=alarms)], recovery_s=4)
    assert found.false_share_after == 1.0
    assert found.false_share_before == pytest.approx(2 / 26)
    assert (found.false_alarms, found.false_alarms_after) == (2, 1)


def test_samples_not_judged_are_in_no_false_share():
    """Silence would make false alarms look rare."""
    found = evaluate([session([0] * 10, [2] + [0] * 9, judged=[1] * 5 + [0] * 5)])
    assert found.false_share_before == 0.2
    assert found.false_share_after is None


def test_what_cannot_be_divided_is_none():
    """No fault, no flag, no time: None, never NaN and never a flattering 1."""
    found = evaluate([session([0, 0])])
    assert found.precision is found.recall is found.f1 is found.f2 is None
    assert found.average_precision is found.event_recall is found.median_delay_s is None
    silent = evaluate([session([1, 1])])
    assert (silent.precision, silent.recall, silent.f1) == (None, 0.0, 0.0)
    assert silent.false_alarms_per_hour is silent.false_alarms_per_hour_bound is None


def test_the_json_form_holds_every_field():
    """It reads back as plain values, None as null."""
    read = json.loads(evaluate([session([0, 1], [0, 2])]).to_json())
    assert read["counts"] == {"tp": 1, "fp": 0, "fn": 0, "tn": 1}
    assert (read["f1"], read["median_delay_s"]) == (1.0, None)


def test_arrays_of_other_lengths_and_no_sessions_are_refused():
    """One line with the session and the field."""
    with pytest.raises(TrainingError, match="s: score has 2 values, allowed: 3, one per sample"):
        session([0, 0, 1], [1, 2], anomaly=[0, 0, 0])
    with pytest.raises(TrainingError, match="no session"):
        evaluate([])


@given(st.lists(st.booleans(), max_size=60))
def test_stretches_cover_what_is_flagged_and_nothing_else(flags):
    """Each flagged sample lies in exactly one stretch, and two never touch."""
    ts = np.arange(len(flags), dtype=np.float64)
    found = stretches(ts, np.array(flags, np.bool_))
    inside = [sum(a <= t <= b for a, b in found) for t in ts]
    assert inside == [int(flag) for flag in flags]
    assert all(later.start - earlier.end > 1 for earlier, later in pairwise(found))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1), st.integers(0, 99))
def test_counts_of_parts_add_up(samples, cut):
    """Pooling files is adding counts."""
    flagged, label = np.array(samples, np.bool_).T
    cut = min(cut, len(label))
    parts = count(flagged[:cut], label[:cut]) + count(flagged[cut:], label[cut:])
    whole = count(flagged, label)
    assert parts == whole
    assert whole.tp + whole.fp + whole.fn + whole.tn == len(samples)


def test_the_bootstrap_of_equal_detectors_is_zero():
    """Paired: the same files are drawn for both, so nothing is left of their spread."""
    files = [Counts(10, 5, 5, 80), Counts(1, 50, 9, 40), Counts(30, 0, 0, 70)]
    found = paired_bootstrap(files, files, seed=0)
    assert (found.f1, found.low, found.high, found.share_better) == (0, 0, 0, 0)


def test_the_bootstrap_by_hand():
    """Two files: draws are both of the first, both of the second, or (half of them) one each."""
    a = [Counts(10, 0, 0, 0), Counts(0, 0, 10, 0)]  # F1 1, 0, pooled 2/3
    b = [Counts(0, 0, 10, 0), Counts(0, 0, 10, 0)]  # F1 0
    found = paired_bootstrap(a, b, seed=1, n=4000)
    assert found.f1 == pytest.approx(2 / 3)
    assert (found.low, found.high) == (0.0, 1.0)
    assert found.share_better == pytest.approx(0.75, abs=0.02)


def test_the_bootstrap_repeats_and_needs_the_same_files():
    """Same seed, same interval; another number of files is refused."""
    rng = np.random.default_rng(0)
    a, b = ([Counts(*map(int, rng.integers(1, 50, 4))) for _ in range(20)] for _ in "ab")
    assert paired_bootstrap(a, b, seed=3) == paired_bootstrap(a, b, seed=3)
    assert paired_bootstrap(a, b, seed=3) != paired_bootstrap(a, b, seed=4)
    there, back = paired_bootstrap(a, b, seed=3), paired_bootstrap(b, a, seed=3)
    assert there.low == pytest.approx(-back.high)
    assert there.low < there.f1 < there.high
    with pytest.raises(TrainingError, match="bootstrap: 20 and 19 files"):
        paired_bootstrap(a, b[1:], seed=3)
