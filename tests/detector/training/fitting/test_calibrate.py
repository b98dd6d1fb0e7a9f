"""Held-out blocks, weights of slow features, and the threshold they lead to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import TrainingError
from detector.thresholds.methods import false_alarms_per_day_bound, max_threshold
from detector.training.fitting.calibrate import (
    Conditioning,
    HeldOut,
    calibrate,
    slow_weights,
    splits,
)
from tests.support.training.terms import terms_of


@given(st.lists(st.integers(0, 500), min_size=1, max_size=8), st.integers(2, 40))
def test_held_out_blocks_never_share_a_sample_with_training(lengths, window):
    """Every window is held out once, and training keeps a gap of L samples from it."""
    ids = np.arange(sum(lengths), dtype=np.float64)
    cuts = np.cumsum(lengths)[:-1]
    sessions = [part[:, None] for part in np.split(ids, cuts)]
    try:
        blocks = splits(sessions, window)
    except TrainingError:
        return
    ends = []
    for block in blocks:
        trained = {int(i) for part in block.train for i in part[:, 0]}
        for number, first, end in block.held_out:
            held = {int(i) for i in sessions[number][first:end, 0]}
            assert not held & trained
            ends += [int(sessions[number][i, 0]) for i in range(first + window - 1, end)]
    assert len(ends) == len(set(ends))
    cut = max(lengths) * 5 > sum(lengths)
    long_enough = [s for s in sessions if len(s) >= (2 * 5 * window if cut else window)]
    assert {int(i) for s in long_enough for i in s[window - 1 :, 0]} <= set(ends)


def test_many_sessions_are_held_out_as_a_whole():
    """A unit that is scored was in no part of its network's training."""
    sessions = [np.full((300, 1), i, np.float32) for i in range(10)]
    for block in splits(sessions, 20):
        held = {number for number, _, _ in block.held_out}
        assert len(held) == 2
        assert not held & {int(part[0, 0]) for part in block.train}


def test_too_few_samples_for_held_out_blocks_are_refused():
    """The line says how many there are and how many it takes."""
    with pytest.raises(TrainingError, match="longest session has 60 samples, allowed: at least"):
        splits([np.zeros((60, 1), np.float32)], 25)


def test_slow_features_weigh_little_on_short_records():
    """A drifting temperature is not judged by its level; a vibration is."""
    rng = np.random.default_rng(0)
    n = 600
    drift = np.linspace(-2, 2, n) + rng.normal(0, 0.1, n)
    session = np.stack([drift, rng.normal(0, 1, n)], axis=1).astype(np.float32)
    slow, fast = slow_weights([session], [np.ones(n, np.bool_)])
    assert slow < 0.01
    assert fast > 0.8
    assert slow_weights([np.tile(session, (20, 1))], [np.ones(20 * n, np.bool_)]) == (1.0, 1.0)


def test_the_threshold_is_the_largest_held_out_score_with_a_margin():
    """1.0 is 1.25 times the largest normal score; unjudged windows do not count."""
    rng = np.random.default_rng(0)
    terms = terms_of(rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) ** 2)
    judged = np.ones(500, np.bool_)
    terms.log_mse[7], judged[7] = 99.0, False
    rule, placed = calibrate([HeldOut(terms, judged)], (1.0, 1.0), Conditioning(), 0.01)
    assert placed.windows == 499
    largest = rule.scores(rule.column_scores(terms))[judged].max()
    assert largest == pytest.approx(1 / 1.25)
    assert max_threshold(np.array([1.0, 4.0, np.nan])) == 5.0


def test_the_false_alarm_bound_is_the_rule_of_three_and_falls_with_hours():
    """No alarm in 24 h still allows three a day; more hours allow fewer."""
    assert false_alarms_per_day_bound(0, 24.0) == pytest.approx(3.0, rel=0.01)
    assert false_alarms_per_day_bound(0, 240.0) == pytest.approx(0.3, rel=0.01)
    assert false_alarms_per_day_bound(2, 24.0) == pytest.approx(6.30, rel=0.02)  # Poisson table
