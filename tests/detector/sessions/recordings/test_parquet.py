"""Parquet: types of columns that are no plain numbers, indexes, batches."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detector.errors import SessionFileError
from tests.support.sessions.recordings import SAMPLE, sample_tables


def read(tmp_path, columns):
    """What is read of a table that Arrow wrote."""
    path = tmp_path / "a.parquet"
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path)
    [(table, rows)] = sample_tables(path)
    return table, rows


def test_an_index_is_a_column(tmp_path):
    """A time without a name is the time; a count of rows has no name; a name is kept."""
    times = pd.to_datetime(SAMPLE["ts"], unit="s", utc=True)
    frame = SAMPLE.drop(columns="ts")
    found = {}
    for key, index in {"time": times, "": SAMPLE.index**2, "when": times.rename("when")}.items():
        indexed = frame.set_axis(pd.Index(list(index), name=key if key == "when" else None))
        indexed.to_parquet(tmp_path / "a.parquet")
        [(_, rows)] = sample_tables(tmp_path / "a.parquet")
        found[key] = rows[key]
        assert set(rows) == {key, "acc_x", "temp"}
    assert (found["time"] == times).all()
    assert (found["when"] == times).all()
    assert found[""].tolist() == [k * k for k in range(200)]


def test_every_type_becomes_numbers_times_or_text(tmp_path):
    """Vectors and records are columns of their own; what is none of it is left out and named."""
    table, rows = read(tmp_path, {
        "flag": pa.array([True, None, False]),
        "price": pa.array([Decimal("1.5"), None, Decimal("-2")]),
        "day": pa.array([dt.date(2026, 3, 1)] * 3),
        "clock": pa.array([dt.time(12, 0, 1)] * 3),
        "span": pa.array([dt.timedelta(seconds=1.5), None, dt.timedelta(0)]),
        "nothing": pa.nulls(3),
        "word": pa.array(["a", None, "b"]).dictionary_encode(),
        "half": pa.array(np.array([1, 2, 3], np.float16)),
        "acc": pa.FixedSizeListArray.from_arrays(pa.array([1.0, 2, 3, 4, 5, 6]), 2),
        "imu": pa.array([{"x": 1, "in": {"y": 2}}, None, {"x": 3, "in": {"y": None}}]),
        "lists": pa.array([[1], [2, 3], []]),
        "raw": pa.array([b"a", b"b", b"c"]),
    })  # fmt: skip
    assert rows["day"].tolist() == [pd.Timestamp(2026, 3, 1)] * 3
    numbers = rows[
        ["flag", "price", "span", "nothing", "half", "acc.0", "acc.1", "imu.x", "imu.in.y"]
    ]
    nan = np.nan
    np.testing.assert_array_equal(numbers.to_numpy(float).T, [
        [1, nan, 0], [1.5, nan, -2], [1.5, nan, 0], [nan] * 3, [1, 2, 3], [1, 3, 5], [2, 4, 6],
        [1, nan, 3], [2, nan, nan],
    ])  # fmt: skip
    assert [str(cell)[:8] for cell in rows["clock"]] == ["12:00:01"] * 3
    assert rows["word"].dropna().tolist() == ["a", "b"]
    assert table.left_out.keys() == {"lists", "raw"}
    assert table.units == {"span": "s"}


def test_whole_numbers_keep_their_digits(tmp_path):
    """Nanoseconds since 1970 with a missing one among them do not fit a float."""
    ns = 1_772_366_400_000_000_001
    _, rows = read(tmp_path, {"a": pa.array([ns, ns + 1]), "b": pa.array([ns, None])})
    assert rows["a"].tolist() == [ns, ns + 1]
    assert rows["b"].tolist()[0] == str(ns)
    assert rows["b"].isna().tolist() == [False, True]


def test_a_unit_stands_in_the_field(tmp_path):
    """As metadata of Arrow."""
    schema = pa.schema([pa.field("x", pa.float32(), metadata={"unit": "mm/s"})])
    table, _ = read(tmp_path, pa.table({"x": [1.0]}, schema=schema))
    assert table.units == {"x": "mm/s"}


def test_batches_come_one_after_the_other(tmp_path):
    """More rows than one batch has, over the borders of row groups."""
    n = 250_001
    pq.write_table(pa.table({"ts": np.arange(n)}), tmp_path / "a.parquet", row_group_size=99_999)
    [(_, rows)] = sample_tables(tmp_path / "a.parquet")
    assert (rows["ts"].to_numpy() == np.arange(n)).all()


def test_a_column_twice_is_refused(tmp_path):
    """One of them would be lost."""
    twice = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(SessionFileError, match=r"a.parquet: a column twice, found x, x"):
        read(tmp_path, twice)


def test_a_spoiled_page_is_refused_where_it_has_a_checksum(tmp_path):
    """Otherwise its numbers would be wrong without a word."""
    path = tmp_path / "a.parquet"
    table = pa.table({"x": np.random.default_rng(0).normal(size=500)})
    pq.write_table(table, path, compression="none", use_dictionary=False, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[1000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(SessionFileError, match=r"a.parquet: no whole Parquet file"):
        sample_tables(path)
