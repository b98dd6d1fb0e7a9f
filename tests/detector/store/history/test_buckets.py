"""Buckets of parts are the buckets of the whole."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.store.history import packing
from detector.store.history.buckets import ARRAYS, NOTHING, joined, of_frames
from detector.store.history.packing import packed, unpacked
from tests.support.stores.machine import START, frame


def assert_equal(one, other, but=None):
    """The same buckets; a sum of floats may differ in its last bits."""
    order = [one.features.index(name) for name in other.features]
    for name in set(ARRAYS) - {but}:
        ours, theirs = getattr(one, name), getattr(other, name)
        ours = ours[:, order] if ours.ndim == 2 else ours
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12, err_msg=name)


def missing(made):
    """The same frame with a hole, a stretch without score and one that is not judged."""
    values = made.values.copy()
    values[::3, 0] = np.nan
    score = made.score.copy()
    score[:4] = np.nan
    return dataclasses.replace(made, values=values, score=score, judged=np.arange(10) > 5)


BLOCKS = [
    frame(seed=1), frame(START + 1, seed=2), missing(frame(START + 0.95, seed=3)),
    frame(START + 70, seed=4, threshold=0.4), frame(START - 3000, seed=5, features=("b", "c")),
    missing(frame(START + 0.2, seed=6, rate=0.5)),
]  # fmt: skip


@given(st.permutations(BLOCKS), st.integers(0, len(BLOCKS)), st.sampled_from([1, 60, 900]))
def test_parts_in_any_order_make_the_whole(blocks, cut, width_s):
    """Whatever is late, twice the same time, or of other features."""
    whole = of_frames(BLOCKS, width_s)
    fine = [of_frames(part, 1) for part in (blocks[:cut], blocks[cut:])]
    assert_equal(joined(fine, width_s), whole)


def test_a_bucket_says_what_its_samples_say():
    """Against each sample by itself."""
    made = of_frames(BLOCKS, 60)
    for i, start in enumerate(made.ts):
        inside = [(f, (f.ts >= start) & (f.ts < start + 60)) for f in BLOCKS]
        column = np.concatenate([f.values[at, f.features.index("b")] for f, at in inside])
        b = made.features.index("b")
        assert made.samples[i] == len(column) > 0
        assert (made.low[i, b], made.high[i, b]) == (np.nanmin(column), np.nanmax(column))
        assert made.mean[i, b] == pytest.approx(np.nanmean(column.astype(float)), rel=1e-6)
        scores = np.concatenate([f.score[at] for f, at in inside])
        assert made.score[i] == np.nanmax(scores)
        assert made.anomalies[i] == sum(f.anomaly[at].sum() for f, at in inside)
        assert made.judged[i] == sum(f.judged[at].sum() for f, at in inside)
    assert made.anomalies.sum() > 0


def test_a_feature_that_was_never_there_is_missing():
    """Not zero."""
    made = of_frames([BLOCKS[0], BLOCKS[4]], 1)
    a, c = made.features.index("a"), made.features.index("c")
    assert np.isnan(made.mean[0, a])
    assert np.isnan(made.low[-1, c])
    assert made.counts[-1, c] == 0


def test_packed_buckets_come_back_to_the_bit():
    """Every array with its type."""
    made = of_frames(BLOCKS[:4], 1)
    data = packed(made, START, 1)
    read = unpacked(data, made.features, len(made), START, 1, 9.0)
    assert set(read.arrival) == {9.0}
    for name in packing.KEPT:
        np.testing.assert_array_equal(getattr(read, name), getattr(made, name))
        assert getattr(read, name).dtype == getattr(made, name).dtype
    assert len(data) < sum(getattr(made, name).nbytes for name in ARRAYS)


def test_nothing_is_no_bucket():
    """Of any width."""
    assert len(joined([], 60)) == len(joined([NOTHING, NOTHING], 1)) == len(of_frames([], 0)) == 0


def test_an_anomaly_is_what_a_frame_calls_one():
    """At the threshold itself too, which float32 cannot tell exactly."""
    at = np.array([0.1, np.nextafter(np.float32(0.1), np.float32(1))], np.float32)
    block = frame(n=2, score=at, threshold=0.1)
    assert of_frames([block], 60).anomalies.tolist() == [1] == [block.anomaly.sum()]
