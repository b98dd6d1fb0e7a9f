"""Other programs read the archive by the lines that docs/operations.md has for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.support.stores.machine import START, frames

DOCS = Path(__file__).resolve().parents[4] / "docs" / "operations.md"
DEVICE = "pump/1"  # quoted in its folder's name
BLOCKS = {
    "pump-1": frames(3700, rate=0.5, device="pump-1", features=("a", "b")),
    DEVICE: frames(60, rate=0.5, device=DEVICE, features=("c",), session="#2"),
}
HIGHEST = {name: max(one.score.max() for one in found) for name, found in BLOCKS.items()}


def line(program):
    """The one of the docs that calls it."""
    [found] = re.findall(rf"^{re.escape(program)}.*$", DOCS.read_text(), re.MULTILINE)
    return found


@pytest.fixture
def archive(site, monkeypatch):
    """Two devices with other features, in the folder where the line is called; a mark beside."""
    for blocks in BLOCKS.values():
        site.add(blocks)
    site.close()
    site.place.write("_flights/alarm-000001.parquet", b"another kind of table")
    site.place.write("_faultline-archive.txt", b"whose it is")
    monkeypatch.chdir(site.folder)


@pytest.mark.usefixtures("archive")
def test_duckdb_reads_all_devices_in_one_line():
    """Devices by their own names, whatever their features; a time is one, in UTC."""
    query = re.search(r'"(SELECT .*)"$', line("duckdb -c"))[1]
    found = dict(duckdb.sql(query).fetchall())
    assert found == {"pump-1": HIGHEST["pump-1"], DEVICE: HIGHEST[DEVICE]}
    first = "SELECT min(epoch(time)), typeof(any_value(time)), count(*) FROM read_parquet"
    [told] = duckdb.sql(
        first + query.partition("read_parquet")[2].partition(" GROUP")[0]
    ).fetchall()
    assert told == (START, "TIMESTAMPTZ_NS", sum(
        len(one.ts) for blocks in BLOCKS.values() for one in blocks
    ))  # fmt: skip


@pytest.mark.usefixtures("archive")
def test_pandas_reads_a_device_in_one_line():
    """Exact to the bit, in order of time once it is sorted."""
    table = eval(line("pandas.read_parquet("), {"pandas": pd})  # noqa: S307
    table = table.sort_values("time")
    np.testing.assert_array_equal(
        table["a"], np.concatenate([one.values[:, 0] for one in BLOCKS["pump-1"]])
    )
    assert table["time"].iloc[0] == datetime.fromtimestamp(START, UTC)
    assert str(table["time"].dt.tz) == "UTC"
