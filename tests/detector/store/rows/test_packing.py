"""Packed arrays come back to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detector.store.rows.packing import packed, unpacked

KINDS = ("<f8", "<f4", "u1")


@given(
    st.sampled_from(KINDS).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=1, max_dims=2))
    )
)
def test_whatever_is_packed_comes_back(values):
    """NaN of any kind, infinities and signed zeros too."""
    kind = values.dtype.str.replace("|", "")
    found = unpacked(packed(values), kind, values.shape)
    assert found.dtype == values.dtype
    assert found.tobytes() == values.tobytes()


@pytest.mark.parametrize(
    ("values", "most"),
    [
        (1.77e9 + np.arange(1000) / 100, 0.5),
        (np.round(1.77e9 + np.arange(1000) / 100, 3), 0.5),
        (np.full(1000, 600, np.float32), 0.1),
        (np.random.default_rng(7).normal(0, 0.01, 1000).astype(np.float32), 3.75),
    ],
)
def test_what_is_even_takes_little(values, most):
    """Bytes a value: an even clock next to nothing, noise less than its four bytes."""
    assert len(packed(values)) <= most * len(values)
