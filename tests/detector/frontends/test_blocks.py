"""Blocks at a hop: the same for any cuts, and found again after a restart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.frontends.blocks import Blocks, first_of
from detector.frontends.plans import WindowPlan
from detector.frontends.table import front_end

N = 200


def front(block, hop):
    """Of one input."""
    plan = WindowPlan(
        inputs=("x",),
        units=("",),
        block=block,
        hop=hop,
        sampling_period_s=0.01,
        centre=(0.0,),
        scale=(1.0,),
        bands=1,
        speed="rpm",
    )
    return front_end(plan)


def session():
    """Times, values with a speed, and whether it runs."""
    rng = np.random.default_rng(3)
    values = np.column_stack([rng.normal(0, 1, N), np.full(N, 900.0)]).astype(np.float32)
    return np.arange(N) * 0.01, values, np.arange(N) >= 40


@given(
    sizes=st.lists(st.integers(1, 50), max_size=10),
    shape=st.sampled_from([(20, 7), (20, 20), (8, 1), (10, 25)]),
)
@settings(deadline=None, max_examples=40)
def test_blocks_do_not_depend_on_how_samples_come(sizes, shape):
    """The same ends, columns and running flags, blocks that leave samples out included."""
    ts, values, runs = session()
    whole = Blocks(front(*shape)).push(ts, values, runs)
    assert whole.at.tolist() == list(range(shape[0] - 1, N, shape[1]))
    edges = [0, *np.minimum(np.cumsum(sizes), N).tolist(), N]
    blocks, ends = Blocks(front(*shape)), []
    columns, ran = [], []
    for start, end in itertools.pairwise(edges):
        part = blocks.push(ts[start:end], values[start:end], runs[start:end])
        ends += (start + part.at).tolist()
        columns.append(part.columns)
        ran += part.runs.tolist()
    assert ends == whole.at.tolist()
    np.testing.assert_array_equal(np.concatenate(columns), whole.columns)
    assert ran == [end - shape[0] + 1 >= 40 for end in ends]


@pytest.mark.parametrize("count", [30, 75, 150])
def test_the_place_of_blocks_is_found_again_from_scores(count):
    """The newest samples of a long session: a block begins at the first that is taken."""
    block, hop = 20, 7
    ends = np.arange(block - 1, N, hop) - (N - count)
    scored = ends[ends >= block]
    first = first_of(count, scored, front(block, hop), needed=60)
    assert (first - (int(scored[-1]) - block + 1)) % hop == 0
    assert 0 <= first <= max(count - 60, hop)


def test_a_session_without_a_score_begins_with_its_first_sample():
    """It is shorter than a block."""
    assert first_of(15, np.empty(0, np.int64), front(20, 7), needed=60) == 0
