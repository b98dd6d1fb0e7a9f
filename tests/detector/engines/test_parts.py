"""A backlog in parts that take about a second each."""

from __future__ import annotations

from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.engines.parts import LEAST, Parts
from detector.ingest.buffer import TakenBlock
from tests.support.motors import live


def blocks_of(sizes):
    """Blocks of one device; samples were lost before the first."""
    return deque(
        TakenBlock("m", live(n, i, start=1e9 + 1e4 * i), arrival=i, broken=i == 0)
        for i, n in enumerate(sizes)
    )


@given(st.lists(st.integers(1, 300), max_size=6), st.lists(st.floats(0, 3), max_size=40))
def test_nothing_is_left_out_and_nothing_comes_twice(sizes, seconds):
    """All samples in order, in parts no larger than asked for, the break where it was."""
    waiting, parts = blocks_of(sizes), Parts(200)
    expected = [ts for block in waiting for ts in block.samples.ts.tolist()]
    seen = []
    while part := parts.next(waiting):
        assert sum(len(block.samples) for block in part) <= 200
        seen += part
        parts.took(seconds.pop() if seconds else 0.5)
    assert [ts for block in seen for ts in block.samples.ts.tolist()] == expected
    assert [block.broken for block in seen] == [n == 0 for n in range(len(seen))]


def test_a_slow_model_gets_smaller_parts_and_a_quick_one_larger():
    """Halved and doubled, between the least and the most."""
    parts, waiting = Parts(1000), blocks_of([100_000])

    def size():
        return sum(len(block.samples) for block in parts.next(waiting))

    parts.took(5.0)
    assert size() == 500
    for _ in range(9):
        parts.took(5.0)
    assert size() == LEAST
    parts.took(0.5)
    assert size() == LEAST
    for _ in range(9):
        parts.took(0.1)
    assert size() == 1000


def test_what_a_block_says_of_its_columns_is_cut_with_it():
    """Which of them each message had."""
    [block] = blocks_of([10])
    heard = np.arange(30).reshape(10, 3) % 2 == 0
    whole = TakenBlock(block.device, block.samples, 0.0, broken=False, heard=heard)
    parts = Parts(4)
    waiting = deque([whole])
    cut = [one.heard for _ in range(3) for one in parts.next(waiting)]
    np.testing.assert_array_equal(np.concatenate(cut), heard)
