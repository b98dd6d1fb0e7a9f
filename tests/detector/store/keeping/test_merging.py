"""Frames of ticks become blocks; nobody who reads them sees a difference but their number."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa

from detector.store import frames as stored
from detector.store.history.rolling import roll
from detector.store.keeping.merging import ALL, BLOCK_S, Settled, merge, runs
from detector.store.schema import frames as table
from detector.store.schema import open_store
from tests.support.stores.machine import START, frame, frames


@pytest.fixture
def store(tmp_path):
    """Empty."""
    engine = open_store(f"sqlite:///{tmp_path}/store.db")
    yield engine
    engine.dispose()


def written(store, blocks):
    """Store frames and have them counted."""
    with store.begin() as connection:
        stored.write(connection, blocks)
    while roll(store, blocks[0].device):
        pass


def read(store, device="press-1"):
    """All frames of a device."""
    with store.connect() as connection:
        return stored.between(connection, device, -np.inf, np.inf)


def assert_same_samples(found, expected):
    """To the bit."""
    for name in ("ts", "values", "reconstruction", "score", "mse", "judged"):
        a, b = (np.concatenate([getattr(f, name) for f in part]) for part in (found, expected))
        assert a.tobytes() == b.tobytes()


def test_a_minute_becomes_six_blocks_with_the_same_samples(store):
    """Numbered as the newest frame of each."""
    blocks = frames(60)
    written(store, blocks)
    newest = [frame.frame_id for frame in read(store)][9::10]
    assert merge(store, "press-1", ALL) == 60
    found = read(store)
    assert [frame.frame_id for frame in found] == newest
    assert max(frame.ts[-1] - frame.ts[0] for frame in found) < BLOCK_S
    assert_same_samples(found, blocks)
    assert merge(store, "press-1", ALL) == 0


def test_what_viewers_may_not_have_seen_is_left(store):
    """And so is a block that is still to be filled."""
    written(store, frames(60))
    numbers = [frame.frame_id for frame in read(store)]
    assert merge(store, "press-1", Settled(numbers[4], numbers[0] - 1)) == 0
    assert merge(store, "press-1", Settled(numbers[14], numbers[9] - 1)) == 10
    assert merge(store, "press-1", Settled(numbers[14], numbers[14])) == 5
    assert merge(store, "press-1", ALL) == 45


def test_what_no_rollup_has_counted_is_left(store):
    """Rollups go by the numbers of frames."""
    with store.begin() as connection:
        stored.write(connection, frames(60))
    assert merge(store, "press-1", ALL) == 0


def test_who_tails_misses_nothing_and_sees_nothing_twice(store):
    """The number that a viewer stands at is not within a block."""
    blocks = frames(30)
    written(store, blocks)
    with store.connect() as connection:
        seen = stored.after(connection, ["press-1"], 0)
    merge(store, "press-1", ALL)
    more = frames(5, start=START + 30)
    written(store, more)
    with store.connect() as connection:
        seen += stored.after(connection, ["press-1"], seen[-1].frame_id)
    assert_same_samples(seen, [*blocks, *more])


@pytest.mark.parametrize(
    "change",
    [
        {"session": "#2"},
        {"threshold": 2.0},
        {"features": ("a", "c")},
        {"start": START - 50.0},
        {"start": START + 60.0},
    ],
)
def test_what_is_not_alike_is_not_one_block(change):
    """Another session, threshold or feature, a jump back and a gap end a block."""
    other = frame(**({"start": START + 1.0} | change))
    assert len(runs([frame(), other])) == 2
    assert len(runs([frame(), frame(START + 1.0)])) == 1


def test_an_anomaly_keeps_what_caused_it():
    """Frames of other contributions stay apart, those of the same are joined."""
    high = np.full(10, 2.0, np.float32)
    one = frame(score=high, contributions=np.array([1, 0], np.float32))
    other = frame(START + 1, score=high, contributions=np.array([0, 1], np.float32))
    alike = frame(START + 2, score=high, contributions=np.array([0, 1], np.float32))
    assert [len(run) for run in runs([one, other, alike])] == [1, 2]


def test_sessions_side_by_side_are_merged_apart(store):
    """What was sent after its time lies between the live frames."""
    live = frames(20)
    late = [frame(START - 500 + i, seed=100 + i, session="~backlog#1") for i in range(20)]
    mixed = [block for pair in zip(live, late, strict=True) for block in pair]
    written(store, mixed)
    merge(store, "press-1", ALL)
    with store.connect() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
    assert count == 4
    with store.connect() as connection:
        assert_same_samples(stored.recent(connection, "press-1", 100), live)
