"""Stretches cover every sample and no hole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.store.rows.stretches import MOST, stretches


def test_an_even_clock_is_one_stretch_around_each_hole():
    """A step and a half is none yet."""
    ts = np.array([0.0, 1.0, 2.4, 3.0, 6.0, 7.0])
    assert stretches(ts) == [(0.0, 3.0), (6.0, 7.0)]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=400))
def test_every_sample_lies_in_a_stretch(times):
    """In order, at most so many, whatever the clock does."""
    ts = np.array(times)
    found = stretches(ts)
    assert len(found) <= MOST
    assert all(first <= last for first, last in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    assert all(any(first <= one <= last for first, last in found) for one in times)
