"""Means over longer times: the same in any batches, whole or nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.normal.scales import LongMeans


def pushed(widths, values, judged, counts, sizes):
    """Per width the means of all windows, pushed in batches."""
    means, found, done = LongMeans(widths, values.shape[1]), [], 0
    for size in [*sizes, len(values)]:
        rows = slice(done, done + size)
        found.append(means.push(values[rows], judged[rows], counts[rows]))
        done += size
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=12), st.integers(0, 2**32 - 1))
def test_means_do_not_depend_on_batches(sizes, seed):
    """Nor on how much came before; each is what a plain loop finds."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(90, 2))
    values[rng.random((90, 2)) < 0.1] = np.nan
    judged, counts = rng.random((2, 90)) < [[0.97], [0.7]]
    for width, found in zip((4, 9), pushed((4, 9), values, judged, counts, sizes), strict=True):
        for end in range(90):
            part = slice(end - width + 1, end + 1)
            if end < width - 1 or not judged[part].all():
                assert np.isnan(found[end]).all()
                continue
            for column in range(2):
                known = values[part, column][counts[part] & ~np.isnan(values[part, column])]
                wanted = known.mean() if len(known) >= width / 2 else np.nan
                assert found[end, column] == pytest.approx(wanted, abs=1e-9, nan_ok=True)


def test_what_comes_after_a_gap_begins_anew():
    """No mean reaches over it."""
    means, ones = LongMeans((3,), 1), np.ones(3, np.bool_)
    assert np.isfinite(means.push(np.ones((3, 1)), ones, ones)[0][-1]).all()
    means.restart()
    assert np.isnan(means.push(np.ones((2, 1)), ones[:2], ones[:2])[0]).all()
