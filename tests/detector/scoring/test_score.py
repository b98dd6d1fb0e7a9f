"""The terms of a window, and the rule that makes them one score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.normal.terms import Terms
from detector.scoring.detectors import WithSignal
from detector.scoring.score import EVERY, ScoreRule, contributions, flatness, window_terms
from detector.scoring.scorer import score_windows
from detector.scoring.thinning import smooth
from detector.sessions.windows import windows
from detector.thresholds.methods import feature_mse_at, mse_at
from tests.support.motors import signal, small_bundle
from tests.support.training.terms import terms_of

PER_COLUMN = (
    *("weights", "spread_centre", "spread_low", "spread_high"),
    *("shift_scale", "peak_centre", "peak_high"),
)


def test_both_terms_count_in_both_directions():
    """Spread catches more and less vibration, shift catches a level; each alone is enough."""
    rule = ScoreRule(
        weights=(1.0,),
        spread_centre=(0.0,),
        spread_low=(0.5,),
        spread_high=(1.0,),
        shift_scale=(1.0,),
        threshold=1.0,
    )

    def score(log_mse, shift):
        return rule.column_scores(terms_of(np.array([[log_mse]]), np.array([[shift]])))[0, 0]

    assert score(0, 0) == 0
    assert score(3, 0) == score(-1.5, 0) == score(0, 3) == 3


def test_what_was_normal_for_a_base_is_normal_for_what_is_fine_tuned_from_it(bundle):
    """Scales and threshold are the larger of both, centres its own; another kind is left."""
    own = bundle.document.score
    base = replace(
        own,
        spread_centre=(9.0,) * 4,
        spread_low=tuple(2 * scale for scale in own.spread_low),
        shift_scale=tuple(0.5 * scale for scale in own.shift_scale),
        threshold=2 * own.threshold,
    )
    kept = own.at_least(base)
    assert kept.spread_low == base.spread_low
    assert (kept.shift_scale, kept.spread_centre) == (own.shift_scale, own.spread_centre)
    assert kept.threshold == base.threshold
    assert own.at_least(replace(base, smoothing=7)) == own
    assert own.at_least(replace(base, flat_scale=())) == own


def test_window_terms_are_mse_and_squared_mean():
    """Signed residuals are averaged before squaring for the shift, after for the spread."""
    residual = np.array([[[1.0], [-1.0]], [[2.0], [2.0]]])
    terms = window_terms(residual, residual)
    np.testing.assert_allclose(np.exp(terms.log_mse)[:, 0], [1, 4])
    np.testing.assert_allclose(terms.shift[:, 0], [0, 4])
    np.testing.assert_allclose(terms.mse, [1, 4])


def test_the_peak_is_the_largest_squared_residual():
    """One sample of many; its mean would hide it."""
    residual = np.zeros((1, 60, 2))
    residual[0, 30, 1] = -3.0
    terms = window_terms(residual, residual)
    np.testing.assert_allclose(np.exp(terms.log_peak)[0], [0, 9], atol=1e-9)


def test_flatness_is_the_share_of_samples_that_repeat_the_one_before():
    """Stuck, clipped and coarse signals repeat themselves, a small step is one too."""
    ramp, stuck, half = np.arange(5.0), np.ones(5), np.array([0.0, 0.0, 1.0, 1.001, 2.0])
    found = flatness(np.stack([ramp, stuck, half], axis=1)[None])
    np.testing.assert_allclose(found[0], [0, 1, 0.5])
    assert flatness(np.zeros((3, 1, 2))).tolist() == [[0, 0]] * 3  # one sample repeats nothing


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda x: np.where(np.arange(len(x)) % 50 == 0, x + 1.5, x), "peak"),
        (lambda x: np.clip(x, -0.5, 0.5), "flat"),
        (lambda x: np.round(x / 0.7) * 0.7, "flat"),
    ],
    ids=["spikes", "clipped", "coarse"],
)
def test_each_plain_term_sees_what_it_is_for(bundle, change, column):
    """Spikes by the peak, clipping and coarse steps by flatness; normal by neither."""
    scaling, rule = bundle.document.scaling, bundle.document.score

    def terms(values):
        scaled = ((values - scaling.centre) / scaling.scale).astype(np.float32)
        return score_windows(bundle.detector, windows(scaled, 25), 256).terms

    def reached(values):
        found = terms(values)
        if column == "peak":
            return ((found.log_peak - rule.peak_centre) / rule.peak_high)[:, [0, 2]].max(axis=1)
        return found.flat[:, 0] / rule.flat_scale[0]

    faulty = signal(1000, 99)
    faulty[:, 0] = change(faulty[:, 0])
    assert (reached(faulty) / rule.threshold > 1).mean() > 0.4
    assert (reached(signal(1000, 99)) / rule.threshold > 1).mean() < 0.01


def test_the_signal_is_judged_beside_the_residual(bundle):
    """What a network reconstructs although it is wrong still shows; the MSE is the residual's."""
    detector = bundle.detector
    assert isinstance(detector, WithSignal)
    batch = np.random.default_rng(0).normal(size=(10, 25, 2)).astype(np.float32)
    both, alone = detector.examine(batch), detector.inner.examine(batch)
    assert detector.groups == (0, 1, 0, 1)
    np.testing.assert_array_equal(both.terms.first(2).log_mse, alone.terms.log_mse)
    own = detector.scaling.apply(batch)
    np.testing.assert_allclose(np.exp(both.terms.log_mse[:, 2:]), (own**2).mean(1), rtol=1e-5)
    np.testing.assert_array_equal(both.mse, alone.terms.mse)
    assert len(bundle.card().mse_log_gain) == 2
    for alone in (
        small_bundle(network="pca", config={}, signal=False),
        small_bundle(network="zscore", config={}),  # its residual is the signal
        small_bundle(network="pca", config={}, judges="mse"),
    ):
        assert len(alone.detector.groups) == 2
        assert alone.document.signal is None


@given(st.integers(1, 6), st.lists(st.integers(0, 5), min_size=1, max_size=10))
def test_smoothing_does_not_depend_on_batches(width, sizes):
    """A causal mean over the newest windows, however they arrive."""
    rng = np.random.default_rng(0)
    terms = Terms(*rng.random((5, sum(sizes), 2)))
    before, parts, end = terms.part(0, 0), [], 0
    for size in sizes:
        part = terms.part(end, end + size)
        parts.append(smooth(part, width, before))
        before, end = before.then(part).newest(width - 1), end + size
    whole = smooth(terms, width, terms.part(0, 0))
    for name in ("log_mse", "shift", "log_peak", "flat"):
        np.testing.assert_allclose(
            np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name)
        )
        for i in range(sum(sizes)):
            expected = getattr(terms, name)[max(i - width + 1, 0) : i + 1].mean(axis=0)
            np.testing.assert_allclose(getattr(whole, name)[i], expected)


def test_contributions_are_shares():
    """They sum to one, and no score means no share."""
    assert contributions(np.array([1.0, 3.0]), (0, 1), 2).tolist() == [0.25, 0.75]
    assert contributions(np.zeros(2), (0, 1), 2).tolist() == [0, 0]
    assert contributions(np.array([1.0, 2.0, 2.0]), (0, 0, 1), 2).tolist() == [0.5, 0.5]
    assert contributions(np.array([3.0]), (EVERY,), 2).tolist() == [0.5, 0.5]


def test_the_mse_of_a_score_is_where_each_feature_reaches_it(bundle):
    """A feature whose window MSE is the translated one scores exactly that much."""
    card, rule = bundle.card(), bundle.document.score
    for wanted in (0.5, 1.0, 2.0):
        at = feature_mse_at(wanted, card.mse_log_centre, card.mse_log_gain)
        terms = terms_of(np.log(at)[None], np.zeros((1, 2)))
        residual = replace(rule, **{key: getattr(rule, key)[:2] for key in PER_COLUMN})
        np.testing.assert_allclose(residual.column_scores(terms)[0, :2], wanted)
        assert mse_at(wanted, card.mse_log_centre, card.mse_log_gain) == pytest.approx(at.mean())
