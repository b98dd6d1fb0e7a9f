"""Columns that a window cannot show: taken as normal, and never judged."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from detector.references.zscore import ZScore, ZScoreConfig
from detector.scoring.detectors import detector_for
from detector.scoring.score import contributions
from detector.scoring.scorer import score_windows
from detector.scoring.thinning import smooth
from detector.sessions.representation import ColumnScaling
from detector.training.fitting.calibrate import Conditioning, HeldOut, calibrate

B, L, K = 40, 4, 3
PLAIN = dataclasses.replace(Conditioning(), flats=False)


def windows(hidden=()):
    """Normal windows; column 1 is missing in some sample of those that are hidden."""
    made = np.random.default_rng(0).normal(0, 1, (B, L, K)).astype(np.float32)
    made[list(hidden), 2, 1] = np.nan
    return made


def detector(*, signal=False):
    """|z|, with the signal beside it or not."""
    plain = ZScore(ZScoreConfig(), (L, K), np.zeros(K), np.ones(K))
    scaling = ColumnScaling((0.0,) * K, (1.0,) * K) if signal else None
    return detector_for(plain, K, signal=scaling)


@pytest.mark.parametrize("signal", [False, True])
def test_terms_of_a_hidden_column_are_missing_and_no_others(signal):
    """Of the residual and of the signal beside it; the window MSE is that of the rest."""
    whole = score_windows(detector(signal=signal), windows(), chunk=16)
    some = score_windows(detector(signal=signal), windows(hidden=[5, 20]), chunk=16)
    columns = [1, 4] if signal else [1]
    for term, full in zip(some.terms.each[:3], whole.terms.each[:3], strict=True):
        expected = full.copy()
        expected[np.ix_([5, 20], columns)] = np.nan
        np.testing.assert_array_equal(term, expected)
    rest = np.exp(whole.terms.log_mse[5, [0, 2]]).mean()
    assert some.mse[5] == pytest.approx(rest)
    np.testing.assert_allclose(some.mse[6:20], whole.mse[6:20])


def calibrated(hidden):
    """A rule learnt where a column is hidden in some windows."""
    terms = score_windows(detector(), windows(hidden), chunk=16).terms
    rule, _ = calibrate(
        [HeldOut(terms, np.ones(B, np.bool_))], (1.0,) * K, PLAIN, 0.1, floor=(0.01,) * K
    )
    return rule, terms


def test_a_hidden_column_scores_nothing_and_causes_nothing():
    """However large the others are; and what is normal is learnt from where it shows."""
    rule, terms = calibrated([5, 20])
    scores = rule.column_scores(terms)
    assert scores[[5, 20], 1].tolist() == [0.0, 0.0]
    assert (scores[[5, 20]][:, [0, 2]] > 0).all()
    assert contributions(scores[5], range(K), K)[1] == 0.0
    shown = np.delete(terms.log_mse[:, 1], [5, 20])
    assert rule.spread_centre[1] == pytest.approx(np.median(np.logaddexp(shown, np.log(0.01))))
    assert np.isfinite([*rule.spread_high, *rule.peak_high, *rule.shift_scale]).all()


def test_of_a_column_that_never_showed_nothing_is_known():
    """Showing later it raises no alarm by itself."""
    rule, _ = calibrated(range(B))
    assert rule.weights == (1.0, 0.0, 1.0)
    loud = windows() * np.float32([1, 100, 1])
    scores = rule.column_scores(score_windows(detector(), loud, chunk=16).terms)
    assert (scores[:, 1] == 0).all()


def test_the_plain_mse_is_that_of_the_columns_that_show():
    """A hidden one does not make a window look better."""
    rule = dataclasses.replace(calibrated([])[0], judges="mse")
    terms = score_windows(detector(), windows([5]), chunk=16).terms
    expected = np.exp(terms.log_mse[5, [0, 2]]).mean() / rule.threshold
    assert rule.scores(rule.column_scores(terms))[5] == pytest.approx(expected)


def test_smoothing_leaves_out_where_a_column_is_hidden():
    """It goes on with the windows that show it, and nothing is missing behind them."""
    terms = score_windows(detector(), windows([5]), chunk=16).terms
    smoothed = smooth(terms, 3, terms.part(0, 0))
    assert np.isfinite(smoothed.log_mse).all()
    assert smoothed.log_mse[5, 1] == pytest.approx(terms.log_mse[[3, 4], 1].mean())
    assert smoothed.log_mse[9, 1] == pytest.approx(terms.log_mse[7:10, 1].mean())


def test_a_residual_below_the_floor_is_as_good_as_none():
    """A column that never moved needs as much again to stand out."""
    terms = score_windows(detector(), windows() * np.float32([1, 1e-4, 1]), chunk=16).terms
    judged = np.ones(B, np.bool_)
    rule, _ = calibrate([HeldOut(terms, judged)], (1.0,) * K, PLAIN, 0.1, floor=(0.01,) * K)
    small = windows() * np.float32([1, 3e-2, 1])
    terms = score_windows(detector(), small, chunk=16).terms.above(rule.floor)
    assert rule.column_scores(terms)[:, 1].max() < 1
    large = score_windows(detector(), windows(), chunk=16).terms.above(rule.floor)
    assert np.median(rule.column_scores(large)[:, 1]) > 1.5 * np.median(rule.column_scores(large))
