"""What each reference adds of its own."""

from __future__ import annotations

import numpy as np
import pytest

from detector.references.base import build_reference
from detector.sessions.windows import windows
from tests.support.training.references import WINDOW, fitted, scaled


def test_zscore_counts_in_deviations_even_where_the_scaling_does_not():
    """With values scaled to 5 sd per unit, one deviation away is a residual of one."""
    normal = windows(scaled(2000, 0, 1) / 5, WINDOW)
    reference = build_reference("zscore", {}).fit(normal, seed=0)
    shifted = np.full((1, WINDOW, 1), normal.mean() + normal.std(), np.float32)
    np.testing.assert_allclose(reference.reconstruct(shifted).residual, -1.0, atol=0.02)


def test_mahalanobis_sees_two_features_come_apart():
    """Each value alone is ordinary; together they are not."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(3000, 1))
    session = (common + rng.normal(0, 0.1, (3000, 2))).astype(np.float32)
    reference = build_reference("mahalanobis", {}).fit(windows(session, WINDOW), seed=0)
    apart = session[:200] * np.array([1, -1], np.float32)
    usual = reference.distance(windows(session[:200], WINDOW))
    assert usual.mean() == pytest.approx(1, abs=0.2)
    assert reference.distance(windows(apart, WINDOW)).min() > 20 * usual.max()


def test_only_t2_sees_growth_along_a_component():
    """A window larger than any seen leaves the residual of PCA as it was, but not T² + Q."""
    shape = np.sin(np.arange(WINDOW) / 3)
    gain = np.random.default_rng(0).normal(size=(500, 1))
    noise = np.random.default_rng(1).normal(0, 0.1, (500, WINDOW))
    normal = (gain * shape + noise)[:, :, None].astype(np.float32)
    grown = (9 * shape)[None, :, None].astype(np.float32)
    config = {"components": 1}
    pca = build_reference("pca", config).fit(normal, seed=0)
    t2q = build_reference("pca_t2q", config).fit(normal, seed=0)
    usual = pca.reconstruct(normal).residual
    assert np.abs(pca.reconstruct(grown).residual).max() < np.abs(usual).max()
    assert t2q.distance(normal).mean() == pytest.approx(2, rel=0.01)
    assert t2q.distance(grown)[0] > 3 * t2q.distance(normal).max()


def test_pca_leaves_something_over_in_small_windows():
    """Asked for more components than half a window holds, it keeps half."""
    noise = np.random.default_rng(0).normal(size=(500, 6, 1)).astype(np.float32)
    reference = build_reference("pca", {"components": 100}).fit(noise, seed=0)
    assert (reference.reconstruct(noise).residual ** 2).mean() > 0.3


def test_the_one_class_svm_goes_on_growing_far_from_the_data():
    """A fault ten times as strong is further away, not as far as the first."""
    reference = fitted("ocsvm")
    far = np.stack([np.full((WINDOW, 2), level, np.float32) for level in (3, 6, 12)])
    near, further, furthest = reference.distance(far)
    assert further > 2 * near
    assert furthest > 2 * further
