"""Recorded sessions: files, where sessions end, windows, scaling and operating state."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import SessionFileError, TrainingError
from detector.records import Samples
from detector.sessions.files import read_recordings
from detector.sessions.operating import level_flags, log_rms, running_flags
from detector.sessions.scaling import fit_scaling, scale, unscale
from detector.sessions.segments import Segmenter
from detector.sessions.windows import whole_windows, window_count, window_starts, windows
from detector.settings.devices import RunningSignal
from detector.settings.sessions import SessionSettings


def samples(ts, values=None, session=None):
    """Samples of two features at the given times."""
    ts = np.asarray(ts, np.float64)
    if values is None:
        values = np.stack([np.arange(len(ts)), -np.arange(len(ts))], axis=1)
    return Samples(("a", "b"), ts, np.asarray(values, np.float32), session)


def segmenter(**rules):
    """A segmenter for two needed features at 1 Hz."""
    return Segmenter(SessionSettings(**rules), 1.0, np.ones(2, np.bool_))


def sessions_of(pieces):
    """Usable samples by session start, as a list of time lists."""
    found = []
    for piece in pieces:
        if piece.starts:
            found.append([])
        if piece.usable:
            found[-1] += piece.ts.tolist()
    return found


@pytest.mark.parametrize(("n", "expected"), [(300, 251), (400, 351), (399, 350), (50, 1), (49, 0)])
def test_a_session_of_n_samples_gives_n_minus_l_plus_1_windows(n, expected):
    """300 samples and L = 50 give 251, the last being samples 250..299."""
    values = np.arange(n, dtype=np.float32).reshape(n, 1)
    made = windows(values, 50)
    assert len(made) == window_count(n, 50) == len(window_starts([n], 50)) == expected
    if expected:
        np.testing.assert_array_equal(made[-1, :, 0], np.arange(n - 50, n))


def test_windows_are_views_of_the_session():
    """Memory does not grow with the number of windows."""
    values = np.zeros((300, 3), np.float32)
    assert np.shares_memory(windows(values, 50), values)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=6), st.integers(1, 60))
def test_no_window_crosses_a_session(lengths, window):
    """Every window of the joined sessions lies in one of them, and none is left out."""
    session_of = np.repeat(np.arange(len(lengths)), lengths)
    starts = window_starts(lengths, window)
    assert len(starts) == sum(max(n - window + 1, 0) for n in lengths)
    for start in starts:
        assert len(set(session_of[start : start + window])) == 1


def test_a_gap_ends_a_session():
    """Three sampling periods are bridged, more are not."""
    pieces = segmenter().push(samples([0, 1, 4, 5, 8.5, 9.5]))
    assert sessions_of(pieces) == [[0, 1, 4, 5], [8.5, 9.5]]


def test_a_changed_session_name_ends_a_session():
    """The sender's own sessions are kept apart even without a gap."""
    cut = segmenter()
    pieces = cut.push(samples([0, 1], session="one")) + cut.push(samples([2, 3], session="two"))
    assert sessions_of(pieces) == [[0, 1], [2, 3]]
    assert [piece.session for piece in pieces] == ["one#0.000", "two#2.000"]


def test_lost_samples_end_a_session():
    """After an overrun the next sample begins anew even though the times fit."""
    cut = segmenter()
    pieces = cut.push(samples([0, 1])) + cut.push(samples([2, 3]), broken=True)
    assert sessions_of(pieces) == [[0, 1], [2, 3]]


def test_late_and_repeated_samples_are_dropped_and_counted():
    """They neither end the session nor enter a window."""
    cut = segmenter()
    pieces = cut.push(samples([10, 11, 11, 9, 12]))
    assert sessions_of(pieces) == [[10, 11, 12]]
    assert cut.counters["duplicate"] == 1
    assert cut.counters["late"] == 1


def test_a_long_step_back_restarts_the_session():
    """A device clock that jumps back is a restart, not an hour of late samples."""
    cut = segmenter(late_s=60)
    assert sessions_of(cut.push(samples([1000, 1001, 10, 11]))) == [[1000, 1001], [10, 11]]


def test_samples_sent_again_after_a_restart_are_dropped_however_old():
    """What is in the store stays as it is; the first newer sample ends the doubt."""
    cut = segmenter(late_s=1)
    cut.push(samples([998, 999, 1000]))
    cut.resume("#998.000", stored_until=1000.0)
    assert cut.push(samples([10, 11])) == []
    [piece] = cut.push(samples([999, 1000, 1001, 1002]))
    assert (piece.session, piece.starts, piece.ts.tolist()) == ("#998.000", False, [1001, 1002])
    assert cut.counters["duplicate"] == 4
    assert sessions_of(cut.push(samples([20, 21]))) == [[20, 21]]


def test_a_short_hole_is_filled_with_the_last_known_value():
    """Raw values keep the hole, windows see it filled, and it is counted."""
    values = [[0, 0], [1, 1], [np.nan, 2], [3, 3]]
    cut = segmenter()
    pieces = cut.push(samples([0, 1, 2, 3], values))
    assert sessions_of(pieces) == [[0, 1, 2, 3]]
    assert np.concatenate([piece.filled for piece in pieces])[:, 0].tolist() == [0, 1, 1, 3]
    assert np.isnan(np.concatenate([piece.values for piece in pieces])[2, 0])
    assert cut.counters["filled"] == 1


def test_a_long_hole_ends_the_session():
    """Beyond max_hole nothing is invented; the raw samples are still handed on."""
    values = [[0, 0]] + [[np.nan, 0]] * 3 + [[4, 4], [5, 5]]
    pieces = segmenter(max_hole=2).push(samples(range(6), values))
    assert sessions_of(pieces) == [[0, 1, 2], [4, 5]]
    assert sum(len(piece.ts) for piece in pieces) == 6


@given(
    st.lists(
        st.tuples(st.sampled_from([1.0, 1.0, 1.0, 2.0, 9.0, 0.0, -2.0, -500.0]), st.booleans()),
        min_size=1,
        max_size=40,
    ),
    st.lists(st.integers(1, 10), min_size=1, max_size=40),
)
def test_sessions_do_not_depend_on_how_samples_are_batched(steps, sizes):
    """The same samples give the same sessions and fillings in any batches."""
    ts = 1000 + np.cumsum([step for step, _ in steps])
    values = np.array([[i, np.nan if gone else i] for i, (_, gone) in enumerate(steps)])
    whole = segmenter().push(samples(ts, values))
    cut, parts, start = segmenter(), [], 0
    for size in [*sizes, len(ts)]:
        if start < len(ts):
            end = min(start + size, len(ts))
            parts += cut.push(samples(ts[start:end], values[start:end]))
            start = end
    assert sessions_of(parts) == sessions_of(whole)
    joined = [
        np.concatenate([p.filled for p in pieces] or [np.empty((0, 2))])
        for pieces in (parts, whole)
    ]
    np.testing.assert_array_equal(*joined)


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("# made by hand\nts,x,label\n0,1.5,0\n1,2.5,1\n", 2),
        ("datetime;x;anomaly;changepoint\n2020-03-09 10:14:33;1.5;0.0;0.0\n", 1),
        ("time,x\n2020-03-09T10:14:33.5Z,1\n2020-03-09T10:14:34.5Z,2\n", 2),
    ],
)
def test_files_are_read_in_all_their_forms(tmp_path, text, n):
    """Comments, both separators, seconds and ISO 8601; labels are no features."""
    path = tmp_path / "a.csv"
    path.write_text(text)
    [recording] = read_recordings([path])
    assert recording.samples.features == ("x",)
    assert len(recording.samples) == n


def test_a_session_column_splits_a_file(tmp_path):
    """One recording for each run of the same session."""
    path = tmp_path / "a.csv"
    path.write_text("ts,x,session\n0,1,p\n1,2,p\n2,3,q\n")
    assert [len(r.samples) for r in read_recordings([path])] == [2, 1]


def test_parquet_reads_like_csv(tmp_path):
    """The same table in both formats gives the same samples."""
    table = pd.DataFrame({"ts": [0.0, 1.0], "x": [1.0, 2.0], "rpm": [0.0, 600.0]})
    table.to_parquet(tmp_path / "a.parquet")
    [recording] = read_recordings([tmp_path], features=["x"])
    assert recording.samples.features == ("x", "rpm")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x,y\n1,2\n", "no time column, found x, y"),
        ("ts,x\n", "no row"),
        ("ts,x\n0,wet\n", "column x"),
        ("ts\n0\n", "no feature column"),
        ("time,x\nnoon,1\n", "allowed: seconds or ISO 8601"),
        ("", "cannot be read|empty"),
    ],
)
def test_an_unreadable_file_gets_one_line(tmp_path, text, line):
    """What, where, found and allowed, in one line."""
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(SessionFileError, match=line) as caught:
        list(read_recordings([path]))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_scaling_keeps_the_digits_of_a_small_signal_on_gravity():
    """1.54 mg on 1 g: fitted in float32 its sd would come out several times too large."""
    rng = np.random.default_rng(1)
    values = (0.9876 + rng.normal(0, 1.54e-3, (1_000_000, 3))).astype(np.float32)
    _, spread = fit_scaling([values[:500_000], values[500_000:]], "standard", ["x", "y", "z"])
    assert spread == pytest.approx([1.54e-3] * 3, rel=0.01)


def test_scaling_is_fitted_on_the_union_of_sessions():
    """Two sessions at different levels give one centre between them."""
    low, high = np.zeros((10, 1), np.float32), np.full((10, 1), 4.0, np.float32)
    for method, expected in (("standard", ([2.0], [2.0])), ("minmax", ([2.0], [2.0]))):
        assert fit_scaling([low, high], method, ["x"]) == expected


def test_scaling_there_and_back_is_the_identity():
    """Units survive the way through the network's scale."""
    values = np.array([[1.0, 200.0], [2.0, 300.0]], np.float32)
    back = unscale(scale(values, [1.5, 250], [0.1, 30]), [1.5, 250], [0.1, 30])
    np.testing.assert_allclose(back, values, rtol=1e-6)


def test_constant_features_are_refused_by_name():
    """Nothing is divided by zero; the line names the feature."""
    values = np.array([[1, 5], [2, 5]], np.float32)
    with pytest.raises(TrainingError, match="feature b is constant"):
        fit_scaling([values], "standard", ["a", "b"])
    stepped = np.array([[0]] * 20 + [[1]], np.float32)
    with pytest.raises(TrainingError, match="no spread in its quartiles"):
        fit_scaling([stepped], "robust", ["a"])


def test_a_window_is_judged_only_when_all_of_it_ran():
    """One stopped sample keeps L windows out."""
    values = np.array([[600.0]] * 4 + [[0.0]] + [[600.0]] * 4, np.float32)
    signal = RunningSignal(feature="rpm", min=570, max=630)
    flags = running_flags(values, ("rpm",), signal)
    assert whole_windows(flags, 3).tolist() == [False, False, True, True, *[False] * 3, True, True]


def test_the_level_fallback_tells_standstill_from_running():
    """Without a running signal the rms decides, after a hold of three windows."""
    rng = np.random.default_rng(1)
    still, runs = rng.normal(0, 0.01, (500, 1)), rng.normal(0, 1, (1000, 1))
    scaled = np.concatenate([still, runs]).astype(np.float32)
    middle = float(np.mean(log_rms(scaled, 50)[[200, 1000]]))
    flags = level_flags(scaled, 50, middle)
    assert not flags[: 500 + 2 * 50].any()
    assert flags[900:].all()
