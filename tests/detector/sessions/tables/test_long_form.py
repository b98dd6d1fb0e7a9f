"""A row for each value -> a column for each name."""

import numpy as np
import pandas as pd
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import NO_HINTS, Hints, Table
from detector.sessions.tables.read import read_tables
from tests.support.sessions.tables import ACC, DATES, TS, N, read, read_one

ISO = DATES.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
LONG = pd.DataFrame(
    {"time": np.repeat(ISO, 2), "name": ["acc", "temp"] * N, "value": np.c_[ACC, ACC + 20].ravel(),
     "unit": ["g", "degC"] * N}
)  # fmt: skip
BOTH = np.c_[ACC, ACC + 20].astype(np.float32)


@pytest.mark.parametrize(
    "headings", [("time", "name", "value"), ("ts", "TagName", "Val"), ("Zeit", "sensor_id", "Wert")]
)
@pytest.mark.parametrize("order", [slice(None), np.random.default_rng(2).permutation(2 * N)])
def test_names_become_columns(headings, order):
    """In any order of rows, with their units."""
    table = LONG.iloc[order].rename(columns=dict(zip(LONG.columns, headings, strict=False)))
    found, stretch = read_one(table.iloc[:137], table.iloc[137:])
    values = stretch.values[:, [found.features.index(name) for name in ("acc", "temp")]]
    np.testing.assert_array_equal(values, BOTH)
    np.testing.assert_allclose(stretch.ts, TS, atol=1e-6)
    assert found.units == {"acc": "g", "temp": "degC"}


def test_repeated_rows_are_dropped_and_told():
    """The first of a name and time stays."""
    again = LONG.iloc[:7].assign(value=99.0)
    found, stretch = read_one(pd.concat([LONG, again]))
    np.testing.assert_array_equal(stretch.values, BOTH)
    assert "7 repeated rows dropped: same name and time" in found.notes


def test_names_with_times_of_their_own_are_missing_at_the_others():
    """The union of all times; said."""
    table = pd.DataFrame(
        {"ts": np.r_[TS, TS[::10] + 0.03], "tag": ["a"] * N + ["b"] * 20,
         "value": np.r_[ACC, ACC[::10]].astype(str)}
    )  # fmt: skip
    found, stretch = read_one(table)
    assert stretch.values.shape == (220, 2)
    assert np.isfinite(stretch.values).sum(axis=0).tolist() == [200, 20]
    assert any("times of their own: 20 to 200 values at 220 times" in n for n in found.notes)


def influx(fields, host="h1"):
    """A table of an annotated CSV, a block after the other."""
    n = len(fields)
    return pd.DataFrame(
        {"": np.nan, "result": "_result", "table": np.repeat(range(n), N), "_start": ISO[0],
         "_stop": ISO[-1], "_time": np.tile(ISO, n), "_measurement": "motor",
         "_value": np.concatenate([BOTH[:, k] for k in range(n)]),
         "_field": np.repeat(fields, N), "host": host}
    )  # fmt: skip


def test_annotated_csv_of_influxdb_is_widened():
    """A tag that is the same everywhere says nothing."""
    found, stretch = read_one(influx(["acc", "temp"]))
    assert found.features == ("acc", "temp")
    np.testing.assert_array_equal(stretch.values, BOTH)


def test_a_tag_that_differs_comes_before_the_name():
    """Two hosts with the same fields are four columns."""
    table = pd.concat([influx(["acc", "temp"]), influx(["acc", "temp"], "h2")])
    found, stretch = read_one(table)
    assert set(found.features) == {"h1.acc", "h1.temp", "h2.acc", "h2.temp"}
    assert np.isfinite(stretch.values).all()


def test_tables_in_long_form_with_the_same_columns_are_one():
    """As a reader hands the parts of an annotated CSV."""
    parts = [Table(iter([influx(["acc"])])), Table(iter([influx(["acc"]).assign(_field="temp")]))]
    [found] = read_tables(iter(parts), "a.csv", NO_HINTS, None)
    assert found.features == ("acc", "temp")
    assert len(found.stretches[0].ts) == N


def test_the_history_of_home_assistant_is_widened():
    """Switches are 0 and 1, unavailable is missing, words are left out and named."""
    names = ["sensor.temp", "binary_sensor.door", "climate.mode"]
    states = [*ACC[:49].astype(str), "unavailable", *["on", "off"] * 25, *["heat"] * 50]
    table = pd.DataFrame(
        {"entity_id": np.repeat(names, 50), "state": states, "last_changed": np.tile(ISO[:50], 3)}
    )
    found, stretch = read_one(table)
    assert found.features == ("sensor.temp", "binary_sensor.door")
    assert np.isnan(stretch.values).sum() == 1
    assert stretch.values[:2, 1].tolist() == [1, 0]
    assert found.left_out == {"climate.mode": "words, such as 'heat'"}


def test_only_wanted_names_are_read():
    """In the order asked for; one that is not there is named."""
    found, _ = read_one(LONG, features=["temp"])
    assert found.features == ("temp",)
    with pytest.raises(SessionFileError, match="no name x; found acc, temp"):
        read(LONG, features=["x"])


def test_the_limit_counts_rows_of_the_file():
    """Not those of the widened table."""
    _, stretch = read_one(LONG.iloc[:100], LONG.iloc[100:], hints=Hints(limit_rows=150))
    assert len(stretch.ts) == 75


def test_a_wide_table_with_a_name_stays_wide():
    """Other numbers beside the value are features of their own."""
    table = pd.DataFrame({"ts": TS, "name": "pump", "value": ACC, "temp": ACC + 20})
    found, _ = read_one(table)
    assert found.features == ("value", "temp")
    assert found.left_out == {"name": "words, such as 'pump'"}


def test_a_sheet_without_samples_is_left_out_where_others_have_some(caplog):
    """And told; where none has any, the first reason is the refusal."""
    notes = Table(iter([pd.DataFrame({"note": ["wet", "dry"]})]), name="Notes")
    rows = Table(iter([LONG]), name="Log")
    [found] = read_tables(iter([notes, rows]), "a.xlsx", NO_HINTS, None)
    assert found.name == "Log"
    assert "a.xlsx:Notes: no time column, found note" in caplog.text
    again = Table(iter([pd.DataFrame({"note": ["wet", "dry"]})]), name="Notes")
    with pytest.raises(SessionFileError, match=r"^a\.xlsx:Notes: no time column"):
        list(read_tables(iter([again]), "a.xlsx", NO_HINTS, None))
