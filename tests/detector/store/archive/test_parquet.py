"""A file of the archive holds samples to the bit, and other programs read it as it is."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from detector.store.archive.parquet import GROUP, read, write
from tests.support.stores.machine import START, frame, frames

ALL = ("ts", "values", "score", "mse", "judged")
NAMES = [("a", "b"), ("score", "time"), ("x_reconstruction", "feature:y"), ("세션", "a b/c")]


def back(blocks, kept=False):
    """Frames after a file."""
    n = sum(len(block.ts) for block in blocks)
    return list(read(write(blocks, np.full(n, kept))))


def assert_same(found, blocks, names=ALL):
    """To the bit."""
    for name in names:
        a, b = (np.concatenate([getattr(f, name) for f in part]) for part in (found, blocks))
        assert a.tobytes() == b.tobytes(), name


@pytest.mark.parametrize("features", NAMES)
@pytest.mark.parametrize("start", [START, 0.1, -5e9, 1e12, START + 1 / 3])
def test_samples_come_back(features, start):
    """Whatever features are called, and at any time: clocks may be wrong."""
    blocks = frames(20, start=start, rate=37.0, features=features)
    found = back(blocks)
    assert_same(found, blocks)
    assert found[0].features == features
    assert np.isnan(found[0].reconstruction).all()


def test_reconstructions_are_kept_where_asked():
    """And are missing elsewhere."""
    blocks = frames(20)
    kept = np.arange(200) >= 150
    told = np.concatenate([f.reconstruction for f in read(write(blocks, kept))])
    assert np.isnan(told[:150]).all()
    expected = np.concatenate([block.reconstruction for block in blocks])[150:]
    np.testing.assert_array_equal(told[150:], expected)


def test_sessions_and_thresholds_stay_apart():
    """A frame has one of each."""
    blocks = [frame(), frame(START + 1, threshold=2.0), frame(START + 2, session="b#2")]
    found = back(blocks)
    assert [(f.session, f.threshold, len(f.ts)) for f in found] == [
        ("#1", 1.0, 10), ("#1", 2.0, 10), ("b#2", 1.0, 10)
    ]  # fmt: skip


def test_pandas_opens_it():
    """Columns by their names, times in UTC."""
    blocks = frames(2)
    table = pd.read_parquet(io.BytesIO(write(blocks, np.ones(20, np.bool_))))
    assert list(table.columns) == [
        "time", "a", "b", "score", "mse", "judged", "anomaly", "threshold", "session",
        "a_reconstruction", "b_reconstruction",
    ]  # fmt: skip
    assert str(table["time"].dtype.tz) == "UTC"
    assert table["time"].iloc[0] == pd.Timestamp(START, unit="s", tz="UTC")
    np.testing.assert_array_equal(table["b"], np.concatenate([f.values[:, 1] for f in blocks]))


@pytest.mark.parametrize("cut", [0, 10, -1, -200])
def test_a_damaged_file_is_an_error_of_files(cut):
    """Not one of a library's own."""
    content = write(frames(20), np.zeros(200, np.bool_))[:cut]
    with pytest.raises(OSError, match="damaged or no file of an archive"):
        list(read(content))


def test_a_foreign_parquet_file_is_refused():
    """It lacks what is said of ours."""
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1.0]}).to_parquet(buffer)
    with pytest.raises(OSError, match="no file of an archive"):
        list(read(buffer.getvalue()))


@pytest.mark.parametrize("seconds", [-9e9, -1e9, 1e7, 1.7e9, 4e9, 9e9])
def test_the_time_of_a_date_needs_no_second_column(seconds):
    """Nanoseconds lead back to the very same float64, whatever lies behind the point."""
    ts = seconds + np.cumsum(np.random.default_rng(3).random(5000) * 0.01)
    block = frame(seconds, 5000, ts=ts)
    content = write([block], np.zeros(5000, np.bool_))
    assert "ts" not in pq.read_schema(io.BytesIO(content)).names
    assert np.concatenate([f.ts for f in read(content)]).tobytes() == ts.tobytes()


def test_all_files_of_a_device_have_the_same_columns():
    """Whoever reads many as one table goes by the first."""
    blocks = frames(2)
    schemas = [pq.read_schema(io.BytesIO(write(blocks, np.full(20, is_kept)))).remove_metadata()
               for is_kept in (True, False)]  # fmt: skip
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("start", [START, 1e12])
def test_who_needs_minutes_reads_no_hour(start):
    """But all samples of these minutes; of times that no date can tell, the whole file."""
    blocks = frames(800, start=start, rate=100.0, n=1000)
    content, whole = write(blocks, np.zeros(80_000, np.bool_)), 80_000
    first, last = start + 350.0, start + 360.0
    found = np.concatenate([f.ts for f in read(content, first, last)])
    wanted = np.concatenate([block.ts for block in blocks])
    wanted = wanted[(wanted >= first) & (wanted <= last)]
    np.testing.assert_array_equal(found[(found >= first) & (found <= last)], wanted)
    assert len(found) == (whole if start == 1e12 else GROUP)
    assert not list(read(content, start + 1000, start + 2000)) or start == 1e12
    newest = blocks[-1].ts[-1]
    assert max(f.ts[-1] for f in read(content, newest, newest)) == newest
