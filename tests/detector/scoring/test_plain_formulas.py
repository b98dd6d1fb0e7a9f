"""What is reduced quickly in the scoring is what the plain formulas give, one window at a time."""

from __future__ import annotations

import numpy as np
import pytest

from detector.normal.terms import TINY, Terms
from detector.scoring.score import residual_terms
from detector.scoring.thinning import smooth
from detector.sessions.windows import FLAT, flatness, windows


@pytest.fixture
def seen():
    """Windows of a signal that stands still now and then, as a view."""
    rng = np.random.default_rng(5)
    signal = rng.normal(size=(90, 3)).astype(np.float32)
    signal[20:45, 1] = signal[20, 1]
    return windows(signal, 60)


def test_terms_are_the_means_and_peaks_of_each_window(seen):
    """Over the samples of one window and feature."""
    found = residual_terms(seen, flatness(seen))

    for window, log_mse, shift, log_peak, mean in zip(
        seen, found.log_mse, found.shift, found.log_peak, found.mean, strict=True
    ):
        for f in range(3):
            x = [float(value) for value in window[:, f]]
            average = sum(x) / len(x)
            squares = [value**2 for value in x]
            assert mean[f] == pytest.approx(average, rel=1e-9, abs=1e-12)
            assert shift[f] == pytest.approx(average**2, rel=1e-9, abs=1e-12)
            assert log_mse[f] == pytest.approx(np.log(sum(squares) / len(x) + TINY), rel=1e-9)
            assert log_peak[f] == pytest.approx(np.log(max(squares) + TINY), rel=1e-9)


def test_flatness_is_the_share_of_samples_that_repeat_the_one_before(seen):
    """Exactly: it is a count."""
    for window, share in zip(seen, flatness(seen), strict=True):
        repeats = np.abs(np.diff(window, axis=0)) <= FLAT
        assert share.tolist() == repeats.mean(axis=0).tolist()
    assert flatness(seen)[:, 1].max() > 0.3


@pytest.mark.parametrize("holes", [False, True])
def test_smoothing_is_the_mean_of_what_is_shown(holes):
    """Of each term by itself, over the newest windows and those before."""
    rng = np.random.default_rng(2)
    made = [rng.normal(size=(40, columns)) for columns in (4, 4, 4, 2, 4)]
    if holes:
        made[0][5:30, 1] = np.nan
        made[4][[3, 39], 0] = np.nan
    terms, width = Terms(*made), 7

    found = smooth(terms.part(10, 40), width, terms.part(10 - width + 1, 10))

    for term, smoothed in zip(terms.each, found.each, strict=True):
        assert smoothed.shape == (30, term.shape[1])
        for i, row in enumerate(smoothed):
            rows = term[10 + i - width + 1 : 10 + i + 1]
            shown = ~np.isnan(rows)
            sums = np.where(shown, rows, 0.0).sum(axis=0)
            counts = shown.sum(axis=0)
            expected = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
            np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-12)
