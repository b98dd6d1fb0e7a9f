"""Detection limits of judges whose curve is known."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import TrainingError
from detector.training.lab.limits import LIMIT_SEVERITIES, Trial, curve_of, monotone, reached

SEVERITIES = np.array(LIMIT_SEVERITIES)
STEEP = 1 / (1 + np.exp(-(SEVERITIES - 0.3) / 0.04))
SLOW = 1 / (1 + np.exp(-(SEVERITIES - 0.4) / 0.2))
SEVENTY = np.full(len(SEVERITIES), 0.7)


def trials(shares, cases, seed=0, sessions=20):
    """Faults of every severity, found with a known share, in sessions drawn by chance."""
    rng = np.random.default_rng(seed)
    return [
        Trial("bias", severity, f"s{rng.integers(sessions)}", bool(rng.random() < share))
        for severity, share in zip(LIMIT_SEVERITIES, shares, strict=True)
        for _ in range(cases)
    ]


def counted(found, cases):
    """Trials with so many found of so many at each severity, one session each."""
    return [
        Trial("bias", severity, f"s{severity}-{i}", i < n)
        for severity, n in zip(LIMIT_SEVERITIES, found, strict=False)
        for i in range(cases)
    ]


@pytest.mark.parametrize("shares", [STEEP, SLOW, SEVENTY], ids=["steep", "slow", "seventy"])
@pytest.mark.parametrize("cases", [1, 3, 10])
def test_the_limits_of_a_known_judge_lie_in_their_intervals(shares, cases):
    """In nine of ten data sets at least; they are meant to in 95 %, and forty may differ."""
    expected = [reached(SEVERITIES, shares[None, :], level)[0] for level in (0.5, 0.9)]
    held = np.zeros(2)
    for seed in range(40):
        curve = curve_of(trials(shares, cases, seed), seed=1)
        for i, limit in enumerate((curve.s50, curve.s90)):
            held[i] += limit.low <= expected[i] <= limit.high
    assert (held >= 36).all()


def test_the_limits_come_close_with_many_faults():
    """Four hundred at each severity: within a hundredth, in a narrow interval."""
    curve = curve_of(trials(STEEP, 400, sessions=4000), seed=1)
    for limit, level in ((curve.s50, 0.5), (curve.s90, 0.9)):
        assert limit.at == pytest.approx(reached(SEVERITIES, STEEP[None, :], level)[0], abs=0.015)
        assert limit.high - limit.low < 0.05


def test_limits_are_read_by_a_straight_line_between_two_severities():
    """Half between 1 of 10 at 0.1 and 7 of 10 at 0.15 is two thirds of the way."""
    curve = curve_of(counted([0, 1, 7, 9, 10], 10), seed=1)
    assert curve.s50.at == pytest.approx(0.1 + 0.05 * 2 / 3)
    assert curve.s90.at == pytest.approx(0.2)


def test_a_stronger_fault_found_less_often_is_pooled_with_the_weaker():
    """8 of 10 and then 4 of 10 are 12 of 20 at both."""
    curve = curve_of(counted([0, 8, 4, 10], 10), seed=1)
    assert [step.share for step in curve.steps] == [0.0, 0.6, 0.6, 1.0]
    assert [step.found for step in curve.steps] == [0, 8, 4, 10]
    assert curve.s50.at == pytest.approx(0.05 + 0.05 * 0.5 / 0.6)


def test_a_share_at_the_level_has_reached_it():
    """5 of 10 on three severities: the first of them, however often it is met."""
    curve = curve_of(counted([0, 5, 5, 5, 9, 9], 10), seed=1)
    assert curve.s50.at == pytest.approx(0.1)
    assert curve.s90.at == pytest.approx(0.25)


@pytest.mark.parametrize(("found", "at"), [(0, inf), (30, LIMIT_SEVERITIES[0])])
def test_never_found_and_always_found_lie_beyond_what_was_tried(found, at):
    """Infinity, or the smallest severity; many faults say so of the interval's ends as well."""
    limit = curve_of(counted([found] * 9, 30), seed=1).s50
    assert (limit.at, limit.low, limit.high) == (at, at, at)


@pytest.mark.parametrize("found", [0, 1])
def test_few_faults_have_a_wide_interval(found):
    """One of each severity, all found or none, leaves most of the range open."""
    limit = curve_of(counted([found] * 9, 1), seed=1).s50
    low, high = min(limit.low, 1.0), min(limit.high, 1.0)
    assert high - low > 0.4


def test_faults_of_one_session_say_less_than_as_many_of_several():
    """Two sessions that disagree about everything leave the limit open; forty do not."""
    found = [i % 2 == 0 for i in range(40)]

    def width(sessions):
        made = [Trial("bias", s, f"s{i % sessions}", s > (0.1 if hit else 0.5))
                for s in LIMIT_SEVERITIES for i, hit in enumerate(found)]  # fmt: skip
        step = curve_of(made, seed=1).steps[4]
        return step.high - step.low

    assert width(2) > 2 * width(40)


def test_the_same_seed_gives_the_same_interval_and_another_does_not():
    """To the last bit."""
    made = trials(SLOW, 3)
    assert curve_of(made, seed=1) == curve_of(made, seed=1)
    assert curve_of(made, seed=1) != curve_of(made, seed=2)


def test_no_fault_has_no_limit():
    """One line says so."""
    with pytest.raises(TrainingError, match="no fault of a known severity"):
        curve_of([], seed=1)


COUNTS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=12).map(
    lambda pairs: [(n, min(k, n)) for n, k in pairs]
)


@given(COUNTS)
def test_the_monotone_fit_never_falls_and_keeps_the_total(counts):
    """As isotonic regression does; a curve that rises already stays as it is."""
    cases, found = np.array(counts, np.float64).T
    fitted = monotone(found[None, :], cases[None, :])[0]
    assert (np.diff(fitted) >= -1e-12).all()
    assert fitted @ cases == pytest.approx(found.sum())
    if (np.diff(found / cases) >= 0).all():
        np.testing.assert_allclose(fitted, found / cases)


@given(COUNTS, st.integers(0, 100))
def test_limits_lie_in_their_intervals_and_in_order(counts, seed):
    """Whatever was counted: s50 below s90, shares within their bands."""
    made = [
        Trial("bias", (i + 1) / len(counts), f"s{j % 3}", j < k)
        for i, (n, k) in enumerate(counts)
        for j in range(n)
    ]
    curve = curve_of(made, seed)
    assert curve.s50.at <= curve.s90.at
    for limit in (curve.s50, curve.s90):
        assert limit.low <= limit.at <= limit.high
    for step in curve.steps:
        assert 0 <= step.low <= step.share <= step.high <= 1
