"""Rows in order of time: sorted, repeats dropped, sessions apart, a clock set back told."""

import itertools
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import NO_HINTS, Hints, Table
from detector.sessions.tables.read import read_tables
from tests.support.sessions.tables import ACC, FIRST, ROWS, TS, N, frame, read, read_one

SHUFFLED = np.random.default_rng(1).permutation(N)
SORTED = {
    "shuffled": SHUFFLED,
    "newest first": ROWS[::-1],
    "a block moved": np.r_[0:40, 80:200, 40:80],
    "a few late": np.r_[0:50, 51:55, 50, 55:200],
    "one in thirty late": np.concatenate([np.roll(part, -1) for part in np.split(ROWS, 8)]),
}


@pytest.mark.parametrize("name", SORTED)
def test_rows_out_of_order_are_sorted_and_told(name):
    """Values stay with their times."""
    found, stretch = read_one(frame(label=ROWS >= 150).iloc[SORTED[name]])
    np.testing.assert_array_equal(stretch.ts, TS)
    np.testing.assert_array_equal(stretch.values[:, 0], ACC.astype(np.float32))
    np.testing.assert_array_equal(stretch.label, ROWS >= 150)
    assert any("sorted by time" in note for note in found.notes)


@pytest.mark.parametrize("rows", [np.r_[ROWS, ROWS], np.repeat(ROWS, 2), np.r_[ROWS, 190:200]])
def test_repeated_rows_are_dropped_and_told(rows):
    """Once is enough."""
    found, stretch = read_one(frame().iloc[rows])
    np.testing.assert_array_equal(stretch.ts, TS)
    np.testing.assert_array_equal(stretch.values[:, 0], ACC.astype(np.float32))
    assert any(f"{len(rows) - N} repeated rows dropped" in note for note in found.notes)


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=120), st.integers(1, 5))
def test_sorting_and_dropping_keep_values_with_their_times(seconds, parts):
    """Any order, any repeats, any chunks: each time once, with its value."""
    ts = FIRST + np.array(seconds)
    table = pd.DataFrame({"ts": ts, "v": ts - FIRST})
    edges = np.linspace(0, len(ts), parts + 1).astype(int)
    found = read(*(table.iloc[a:b] for a, b in itertools.pairwise(edges)))
    for stretch in found.stretches:
        assert (np.diff(stretch.ts) > 0).all()
        np.testing.assert_array_equal(stretch.values[:, 0], stretch.ts - FIRST)
    assert set(np.concatenate([s.ts for s in found.stretches])) == set(ts)


def test_a_sorted_table_is_not_copied():
    """Ten million rows fit in memory once."""
    _, stretch = read_one(frame())
    assert stretch.values.base is not None
    assert len(stretch.values.base) == N


@pytest.mark.parametrize("back_s", [5.0, 5.03, 9.9, 3600.0])
def test_a_clock_set_back_parts_the_file(back_s):
    """Two logs of the same time are not shuffled into each other, unless they do not meet."""
    found = read(frame(np.r_[TS[:100], TS[100:] - back_s]), row_offset=1)
    if back_s == 3600:  # the second lies before the first
        assert len(found.stretches) == 1
        return
    assert [len(stretch.ts) for stretch in found.stretches] == [100, 100]
    assert [stretch.suffix for stretch in found.stretches] == ["", ", from line 102"]
    np.testing.assert_array_equal(found.stretches[1].values[:, 0], ACC[100:].astype(np.float32))
    assert "time steps back at line 102: read as a recording of its own" in found.notes


def test_a_clock_that_begins_anew_many_times_parts_the_file():
    """As of a logger that counts from 0 in each of ten runs."""
    found = read(frame(np.tile(np.arange(20) * 0.1, 10)))
    assert [len(stretch.ts) for stretch in found.stretches] == [20] * 10


def test_one_row_with_the_time_of_another_is_dropped():
    """The first stays, and it is told that they differ."""
    found, stretch = read_one(frame(np.r_[TS[:100], TS[99], TS[101:]]))
    assert stretch.values[99, 0] == np.float32(ACC[99])
    assert found.notes == ("1 row dropped: same time as another, other values",)


def test_times_too_coarse_for_the_samples_are_refused_unless_the_rate_is_told():
    """Ten rows with the time of one second."""
    table = frame(np.floor(TS))
    line = "180 of 200 rows have the time of another and other values; allowed.*--rate"
    with pytest.raises(SessionFileError, match=line):
        read(table)
    found, stretch = read_one(table, hints=Hints(rate_hz=10.0))
    np.testing.assert_allclose(stretch.ts, TS, atol=1e-6)
    assert any("spaced evenly at 10 Hz" in note for note in found.notes)


def test_sessions_are_sorted_each_for_itself():
    """Their order is the file's."""
    rows = np.r_[100:150, 60, 150:200, 0:60, 61:100]
    table = frame(session=np.where((ROWS >= 60) & (ROWS != 60) & (ROWS < 100), "q", "p"))
    table["session"] = ["second"] * 101 + ["first"] * 99
    found = read(table.assign(ts=TS[rows], acc=ACC[rows]))
    first, second = found.stretches
    assert [s.session for s in found.stretches] == ["second", "first"]
    assert [s.suffix for s in found.stretches] == [":second", ":first"]
    assert (first.ts[0], first.ts[-1], second.ts[0]) == (TS[60], TS[199], TS[0])


def test_rows_of_sessions_that_alternate_are_put_together():
    """Two machines in one file, row by row, at the same times."""
    found = read(frame(np.repeat(TS[:100], 2), session=[3, 7] * 100))
    assert [s.session for s in found.stretches] == ["3", "7"]
    np.testing.assert_array_equal(found.stretches[1].values[:, 0], ACC[1::2].astype(np.float32))
    assert any("alternate" in note for note in found.notes)


def test_a_period_that_changes_is_told_with_its_place():
    """10 Hz, then 50 Hz; a jitter is no change."""
    _, stretch = read_one(frame(np.r_[TS[:100], TS[99] + np.arange(1, 101) * 0.02]))
    assert stretch.notes == ("the sampling period changes from 0.1 s to 0.02 s at sample 101",)
    _, stretch = read_one(frame(TS + np.random.default_rng(1).normal(0, 0.01, N)))
    assert stretch.notes == ()


def test_a_chunk_is_let_go_once_its_rows_are_taken():
    """A view of its times would keep all its columns: 200 MB here, instead of 6."""
    names = ["ts", *(f"c{k}" for k in range(49))]

    def chunks():
        for k in range(50):
            rows = np.zeros((10_000, 50))
            rows[:, 0] = FIRST + np.arange(k * 10_000, (k + 1) * 10_000)
            yield pd.DataFrame(rows, columns=names)

    tracemalloc.start()
    [found] = read_tables(iter([Table(chunks())]), "a.csv", NO_HINTS, ["c1"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.stretches[0].ts) == 500_000
    assert peak < 40e6
