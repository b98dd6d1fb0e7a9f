"""Nothing is point-adjusted, and other faults do not count."""

from __future__ import annotations

import numpy as np
import pytest

from detector.alarms.lifecycle import AlarmRule, AlarmState, advance
from detector.records import Samples
from detector.sessions.files import Recording
from detector.training.lab.cases import Case, FaultEvent
from detector.training.lab.judging import Scores, judge, only, telling
from detector.training.lab.lab import RECOVERY_S
from detector.training.lab.metrics import Interval, evaluate


def judged_case(score, faults):
    """A session of 1 Hz with faults over ranges of rows, judged at once."""
    n = len(score)
    ts = np.arange(float(n))
    label = np.zeros(n, np.bool_)
    for _, first, last in faults:
        label[first:last] = True
    events = tuple(FaultEvent(f, 1.0, float(a), float(b - 1)) for f, a, b in faults)
    samples = Samples(("x",), ts, np.zeros((n, 1), np.float32))
    case = Case("a", Recording("a", samples, label), label, events)
    scores = Scores(ts, np.asarray(score, np.float64), np.ones(n, np.bool_))
    return case, judge(case, scores, AlarmRule(k=1, n=1, m=1))


def test_nothing_is_point_adjusted():
    """One flagged sample of a hundred faulty ones is a found fault and a recall of 1 %."""
    score = np.zeros(300)
    score[150] = 2.0
    _, judged = judged_case(score, [("bias", 100, 200)])
    found = evaluate([judged], RECOVERY_S)
    assert found.recall == pytest.approx(0.01)
    assert found.event_recall == 1.0


@pytest.mark.parametrize("rule", [AlarmRule(3, 5, 8), AlarmRule(2, 9, 4, on_delay_s=6.0)])
def test_windows_that_are_passed_over_change_nothing(rule):
    """The same alarms as by every window, with single ones above, bursts of them and calm."""
    rng = np.random.default_rng(0)
    told = 0
    for share in (0.02, 0.5, 0.9):
        above = rng.random(2000) < np.repeat(rng.random(40) < 0.3, 50) * share + 0.002
        kept = np.flatnonzero(telling(above, rule))
        every = advance(rule, AlarmState(), enumerate(above.tolist()))[1]
        some = advance(rule, AlarmState(), zip(kept.tolist(), above[kept].tolist(), strict=True))[1]
        assert [(t.kind, t.ts) for t in some] == [(t.kind, t.ts) for t in every]
        assert len(kept) < 2000
        told += len(every)
    assert told > 10


def test_only_takes_out_the_samples_and_alarms_of_other_faults():
    """What is left has one fault, and no false alarm by the other."""
    score = np.zeros(400)
    score[120:150] = score[250:260] = score[350:355] = 2.0
    case, judged = judged_case(score, [("bias", 100, 200), ("noise", 240, 300)])
    left = only(judged, case.events, [True, False])
    assert [alarm.start for alarm in left.alarms] == [120.0, 350.0]
    assert left.faults == [Interval(100.0, 199.0)]
    assert left.label.sum() == 100
    assert not left.judged[240:300].any()
    assert left.judged.sum() == 340
    found = evaluate([left], RECOVERY_S)
    assert (found.faults, found.false_alarms) == (1, 1)


@pytest.mark.parametrize(
    ("stands_until", "alarms", "unjudged"),
    [(230, [], range(100, 230)), (250, [Interval(240.0, 250.0)], range(100, 240))],
)
def test_an_alarm_that_outlasts_another_fault_is_not_false(stands_until, alarms, unjudged):
    """Its end is taken out with the fault; a fault that begins while it stands is found at once."""
    score = np.zeros(400)
    score[150:stands_until] = 2.0
    case, judged = judged_case(score, [("bias", 100, 200), ("noise", 240, 300)])
    left = only(judged, case.events, [False, True])
    assert left.alarms == alarms
    assert np.flatnonzero(~left.judged).tolist() == list(unjudged)
    found = evaluate([left], RECOVERY_S)
    assert (found.faults_found, found.false_alarms) == (len(alarms), 0)
    assert found.median_delay_s == (0.0 if alarms else None)
    assert found.counts.fp == 0


def test_a_score_of_a_block_stands_until_the_next():
    """Where samples are kept one score in five says what is known at the four after it."""
    score = np.full(50, np.nan)
    score[9::5] = 0.5
    score[24] = 2.0
    _, judged = judged_case(score, [("bias", 20, 30)])
    assert np.isnan(judged.score[:9]).all()
    assert judged.score[24:29].tolist() == [2.0] * 5
    assert judged.score[29] == 0.5
    assert judged.alarms == [Interval(24.0, 29.0)]  # the rule counts scores


def test_a_feature_sample_stands_for_its_hop():
    """Where columns are kept the recording has more samples than scores; a gap has none."""
    case, _ = judged_case(np.zeros(50), [("bias", 20, 30)])
    ts = np.array([9.0, 14.0, 19.0, 24.0, 40.0])
    scores = Scores(ts, np.array([0.5, 0.5, 0.5, 2.0, 0.5]), np.ones(5, np.bool_), held_s=5.0)
    judged = judge(case, scores, AlarmRule(k=1, n=1, m=1))
    assert judged.score[24:29].tolist() == [2.0] * 5
    assert np.flatnonzero(~judged.judged).tolist() == [*range(9), *range(29, 40), *range(45, 50)]
    assert judged.alarms == [Interval(24.0, 40.0)]
