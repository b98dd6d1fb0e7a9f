"""The plain rule: a feature that stays missing while the machine runs is a fault by itself.

It still counts for a while afterwards: a loose contact comes and goes.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.records import Samples
from detector.scoring.stream import MISSING_HOLD_S, MISSING_SCORE, DeviceStream, score_samples
from detector.settings.sessions import SessionSettings
from tests.support.motors import FEATURES, RATE_HZ, live, small_bundle

HOLE = SessionSettings().max_hole
GONE = (100, 150)  # samples without a value in these tests


@pytest.fixture(scope="module")
def bundle():
    """A reference: quick, and the rule asks no network."""
    return small_bundle("gone", network="zscore", config={})


def missing(samples, column, first=GONE[0], end=GONE[1]):
    """The samples without a column's values over a range."""
    values = samples.values.copy()
    values[first:end, column] = np.nan
    return Samples(samples.features, samples.ts, values, samples.session)


def scored(bundle, samples, sizes=(), stream=None):
    """Score, flag and anomaly per sample, in batches of the given sizes and the rest."""
    stream = stream or DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings())
    edges = [0, *np.minimum(np.cumsum(sizes, dtype=int), len(samples)).tolist(), len(samples)]
    frames = []
    for first, end in itertools.pairwise(edges):
        rows = slice(first, end)
        part = Samples(samples.features, samples.ts[rows], samples.values[rows], samples.session)
        frames += score_samples(stream, part, chunk=64, arrival=0)
    fields = ("score", "judged", "anomaly")
    found = [np.concatenate([getattr(f, field) for f in frames]) for field in fields]
    return *found, frames


def test_a_feature_missing_for_longer_than_a_hole_is_judged_a_fault(bundle):
    """A hole is filled and scored as ever, what comes after it scores 2.0, and for a while on."""
    score, judged, anomaly, _ = scored(bundle, missing(live(800, 1), 0))
    after_hole = slice(GONE[0] + HOLE, GONE[1])
    assert (score[after_hole] == MISSING_SCORE).all()
    assert judged[after_hole].all()
    assert anomaly[after_hole].all()
    assert (score[GONE[0] : GONE[0] + HOLE] != MISSING_SCORE).all()
    held = slice(GONE[1], GONE[1] - 1 + round(MISSING_HOLD_S * RATE_HZ))
    assert (score[held] >= MISSING_SCORE).all()
    assert judged[held].all()
    assert (score[held.stop + 5 :] < 1).all()
    assert np.isfinite(score[held.stop :]).all()


def test_an_alarm_names_the_feature_that_is_missing(bundle):
    """The contribution of a missing stretch is all on the features without a value."""
    frames = scored(bundle, missing(live(300, 1), 1))[3]
    gone = [frame for frame in frames if (frame.score == MISSING_SCORE).any()]
    assert gone
    assert all(frame.contributions.tolist() == [0.0, 1.0, 0.0] for frame in gone)


def test_one_feature_of_two_is_enough_and_a_short_hole_is_not(bundle):
    """Each feature counts for itself."""
    assert scored(bundle, missing(live(300, 1), 1))[2][GONE[0] + HOLE : GONE[1]].all()
    short = scored(bundle, missing(live(300, 1), 1, 100, 100 + HOLE))
    assert not (short[0] == MISSING_SCORE).any()


def test_nothing_is_said_before_the_first_complete_sample(bundle):
    """A sensor that has never sent is no fault of the machine; nor is its next session's start."""
    late = missing(live(200, 2), 0, 0, 60)
    score, judged, _, _ = scored(bundle, late)
    assert np.isnan(score[:60]).all()
    assert not judged[:60].any()


@pytest.mark.parametrize("rpm", [0.0, np.nan])
def test_nothing_is_judged_while_stopped_or_with_the_running_signal_gone(bundle, rpm):
    """A device that is switched off sends nothing, and that is no anomaly."""
    samples = missing(live(300, 3), 0)
    samples.values[slice(*GONE), 2] = rpm
    _, judged, anomaly, _ = scored(bundle, samples)
    assert not judged[GONE[0] + HOLE : GONE[1]].any()
    assert not anomaly[GONE[0] + HOLE :].any()


def two_sessions():
    """Missing at first, complete, missing; after a gap the same again; shape (600, 3)."""
    parts = []
    for seed, start in ((4, 1_700_000_000.0), (5, 1_700_000_100.0)):
        parts.append(missing(missing(live(300, seed, start=start), 1, 0, 40), 0, 270, 300))
    return Samples(
        parts[0].features,
        np.concatenate([p.ts for p in parts]),
        np.concatenate([p.values for p in parts]),
        None,
    )


@settings(deadline=None, max_examples=25)
@given(sizes=st.lists(st.integers(1, 200), max_size=10))
def test_the_rule_says_the_same_in_any_batches(bundle, sizes):
    """Neither what follows in a batch nor where it is cut changes score and flag."""
    samples = two_sessions()
    whole, parts = scored(bundle, samples), scored(bundle, samples, sizes)
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-6, atol=1e-6, equal_nan=True)
    np.testing.assert_array_equal(parts[1], whole[1])
    for first in (0, 300):
        assert np.isnan(whole[0][first : first + 40]).all()
        assert (whole[0][first + 270 + HOLE : first + 300] == MISSING_SCORE).all()
        assert whole[1][first + 270 + HOLE : first + 300].all()


@pytest.mark.parametrize("stop", [20, 60, 120, 145])
@pytest.mark.parametrize("begin", [0, 100])
def test_the_rule_says_the_same_after_a_restart(bundle, begin, stop):
    """Whether the session has had a complete sample is told from what was stored."""
    samples = missing(live(300, 6, session="shift"), 0, begin, 150)
    whole = scored(bundle, samples)
    rows = slice(0, stop)
    first = Samples(samples.features, samples.ts[rows], samples.values[rows], "shift")
    before = scored(bundle, first, [10] * 40)[3]
    resumed = DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings())
    resumed.resume(before[:1], before[-8:])
    rest = Samples(samples.features, samples.ts[stop:], samples.values[stop:], "shift")
    score, judged, _, _ = scored(bundle, rest, stream=resumed)
    np.testing.assert_allclose(score, whole[0][stop:], rtol=1e-6, equal_nan=True)
    np.testing.assert_array_equal(judged, whole[1][stop:])
