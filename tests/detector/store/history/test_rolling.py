"""Rollups say what the frames say: late, twice, and after a kill."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from detector.store import frames as stored
from detector.store.history import rolling, rollups
from detector.store.history.buckets import of_frames
from detector.store.schema import frames as table
from tests.detector.store.history.test_buckets import assert_equal
from tests.support.stores.machine import START, frame, frames

PROJECT = Path(__file__).resolve().parents[4]
FOREVER = (START - 1e7, START + 1e7)


def refuse_difference(machine, blocks):
    """Each width holds what all frames come to."""
    with machine.store.connect() as connection:
        for width_s in rollups.WIDTHS:
            found = rollups.between(connection, machine.device, width_s, *FOREVER)
            assert_equal(found, of_frames(blocks, width_s), but="arrival")


@pytest.mark.parametrize("limit", [1, 7, 500])
def test_late_samples_reach_their_bucket(machine, limit):
    """In whatever parts the frames are counted, whatever the clock does."""
    late = [frame(START + 3.05, seed=8), frame(START - 90_000, seed=9, features=("b", "c"))]
    blocks = [*frames(150, n=50), *late, frame(START + 140.01, seed=10)]
    machine.write(blocks, roll=False)
    machine.roll(limit)
    refuse_difference(machine, blocks)


def test_the_same_frame_twice_changes_nothing(machine):
    """The broker sends again what was not acknowledged."""
    blocks = frames(20)
    machine.write(blocks)
    assert machine.write(blocks) == 0
    refuse_difference(machine, blocks)


def test_frames_that_are_counted_may_go(machine):
    """The rollups stay, and new frames are counted on top."""
    first, second = frames(20), frames(20, start=START + 20)
    machine.write(first)
    with machine.store.begin() as connection:
        connection.execute(sa.delete(table))
    machine.write(second)
    refuse_difference(machine, first + second)


def test_two_that_count_at_once_count_once(machine, monkeypatch):
    """The slower one finds the number moved on and leaves the rows alone."""
    blocks, more = frames(20), frames(20, start=START + 172_800)
    machine.write(blocks, roll=False)
    plain = rolling._rows
    meanwhile = [lambda: machine.write(more)]  # counts the others too

    def slow(*args):
        rows = plain(*args)
        if meanwhile:
            meanwhile.pop()()
        return rows

    monkeypatch.setattr(rolling, "_rows", slow)
    machine.roll()
    assert not meanwhile
    refuse_difference(machine, blocks + more)


def test_what_waits_is_counted(machine):
    """For the progress of an old store that gets its rollups."""
    machine.write(frames(5), roll=False)
    rolling.roll(machine.store, machine.device, 2)
    with machine.store.connect() as connection:
        assert rolling.waiting(connection, machine.device) == 3
        assert list(rolling.stored_devices(connection)) == [machine.device]


def test_a_tier_says_its_size_and_lets_its_old_blocks_go(machine):
    """By arrival, whatever the device's clock says; the other widths stay."""
    machine.write(frames(600, n=100))
    with machine.store.begin() as connection:
        before = rollups.sizes(connection)
        due = rollups.bytes_before(connection, 1, START + 300)
        assert 0 < due < before[1].bytes
        assert rollups.delete_before(connection, 1, START + 300) == 2
        after = rollups.sizes(connection)
        assert after[1].bytes == before[1].bytes - due
        assert (after[60], after[900]) == (before[60], before[900])
        assert after[1].oldest > before[1].oldest
        assert rollups.extent(connection, machine.device) == (START, START + 900)


WRITE_AND_ROLL = """
import sys
from detector.store import frames as stored
from detector.store.history.rolling import roll
from detector.store.schema import open_store
from tests.support.stores.machine import START, frames
store = open_store(sys.argv[1])
for number in range(10_000):
    with store.begin() as connection:
        stored.write(connection, frames(2, start=START + 2 * number))
    roll(store, "press-1", 3)
    print(number, flush=True)
"""


def test_after_a_kill_they_agree_with_the_frames(machine):
    """Wherever it hits: both change in one transaction or neither."""
    command = [sys.executable, "-c", WRITE_AND_ROLL, str(machine.store.url)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
    for _ in range(20):
        assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    machine.roll()
    with machine.store.connect() as connection:
        blocks = stored.between(connection, machine.device, -math.inf, math.inf)
    assert len(blocks) >= 40
    refuse_difference(machine, blocks)
