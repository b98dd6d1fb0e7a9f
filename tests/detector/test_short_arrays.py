"""Medians and steps of short arrays are those of numpy."""

from __future__ import annotations

import numpy as np
import pytest

from detector.short_arrays import middle, middles, steps


@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_the_middle_is_the_median(count):
    """Of odd and even numbers, to the last digit."""
    values = np.random.default_rng(count).normal(size=(count, 3))
    assert middles(values).tolist() == np.median(values, axis=0).tolist()
    assert middle(values[:, 0]) == np.median(values[:, 0])


@pytest.mark.parametrize("before", [-np.inf, np.nan, 4.0])
def test_steps_begin_with_that_from_the_time_before(before):
    """Also where there is none."""
    ts = np.array([5.0, 5.5, 7.0])
    np.testing.assert_array_equal(steps(ts, before), np.diff(ts, prepend=before))
    assert len(steps(ts[:0], before)) == 0
