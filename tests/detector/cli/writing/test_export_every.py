"""``export --every``: rows of a second, a minute or a quarter of an hour."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detector.cli.main import main
from detector.cli.writing.export_options import EVERY
from detector.store import frames as stored
from detector.store.history import rollups
from detector.store.history.rolling import roll
from detector.store.schema import frames as stored_frames
from detector.store.schema import open_store
from tests.support.stores.machine import START, frame, frames

ONE_MINUTE = ["--every", "1min"]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Five minutes, a jump of a year, and one minute more with another feature."""
    monkeypatch.chdir(tmp_path)
    engine = open_store("sqlite:///faultline.db")
    later = frames(60, start=START + 365 * 86_400, features=("b", "c"))
    with engine.begin() as connection:
        stored.write(connection, [*frames(300, n=50), *later])
    roll(engine, "press-1", 40)  # the rest is not counted yet
    yield engine
    engine.dispose()


def exported(name, *more):
    """Run the command and read its file."""
    assert main(["export", "--device", "press-1", "--out", name, *more]) == 0
    return pd.read_parquet(name) if name.endswith("parquet") else pd.read_csv(name)


@pytest.mark.parametrize("name", ["all.csv", "all.parquet"])
def test_each_row_is_what_its_samples_are(store, name, capsys):
    """Against the export of every sample."""
    table = exported(name, *ONE_MINUTE)
    assert list(table.columns) == [
        "ts", "bucket_s", "samples", "a_min", "a_mean", "a_max", "b_min", "b_mean", "b_max",
        "c_min", "c_mean", "c_max", "score_max", "threshold", "anomalies", "running_share",
    ]  # fmt: skip
    assert capsys.readouterr().out == f"written: {name}, 6 rows of 1min, 3 features\n"
    samples = exported("samples.parquet")
    by_minute = samples.groupby(np.floor(samples["ts"] / 60) * 60)
    np.testing.assert_array_equal(table["ts"], list(by_minute.groups))
    for feature in "abc":
        for what in ("min", "mean", "max"):
            expected = by_minute[feature].agg(what)
            np.testing.assert_allclose(table[f"{feature}_{what}"], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(table["score_max"], by_minute["score"].max(), rtol=1e-6)
    np.testing.assert_array_equal(table["anomalies"], by_minute["anomaly"].sum())
    np.testing.assert_array_equal(table["samples"], by_minute.size())
    assert set(table["bucket_s"]) == {60}


@pytest.mark.parametrize(("every", "rows"), [("1s", 360), ("1min", 6), ("15min", 2)])
def test_every_tier_is_exported(store, every, rows):
    """By the names that the rollups have."""
    assert tuple(rollups.TIERS) == EVERY
    assert len(exported("a.parquet", "--every", every)) == rows


def test_a_time_is_cut_to_its_buckets(store):
    """Those that it touches."""
    part = ["--start", "2026-03-01T12:01:30", "--end", "2026-03-01T12:03"]
    assert list(exported("a.csv", *ONE_MINUTE, *part)["ts"] - START) == [60, 120]


def test_wider_rows_stand_in_and_it_is_said(store, capsys):
    """Where the finer rollups were deleted."""
    while roll(store, "press-1"):
        pass
    with store.begin() as connection:
        connection.execute(stored_frames.delete())
        rollups.delete_before(connection, 1, START + 1e6)
    table = exported("a.csv", "--every", "1s")
    assert table["bucket_s"].tolist() == [60] * 5 + [1] * 60
    said = capsys.readouterr().out
    assert "65 rows of 1s, 3 features; 5 rows wider where finer ones are gone" in said
    assert main(["export", "--device", "press-1", "--out", "b.csv"]) == 2
    assert "no single samples any more, allowed: --every 1s, 1min, " in capsys.readouterr().err


REFUSED = {
    "an unknown width": (["--every", "5min"], "invalid choice: '5min' (choose from"),
    "an unknown device": ([*ONE_MINUTE, "--device", "x"], "--device x: no samples in the store"),
    "a time without samples": ([*ONE_MINUTE, "--start", "2030-01-01"], "no samples from 2030"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_line(store, name, capsys):
    """As for every sample."""
    more, line = REFUSED[name]
    try:
        code = main(["export", "--device", "press-1", "--out", "a.csv", *more])
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert line in capsys.readouterr().err


def test_two_columns_never_have_one_name(store, capsys):
    """A feature may be named as a column of another is."""
    with store.begin() as connection:
        stored.write(connection, [frame(START + 900, features=("a", "a_min", "a_min_max"))])
    assert "a_min_min" in exported("a.csv", *ONE_MINUTE)
    with store.begin() as connection:
        stored.write(connection, [frame(START + 901, features=("a", "score"))])
    assert main(["export", "--device", "press-1", "--out", "b.csv", *ONE_MINUTE]) == 2
    assert "two columns would be named score_max, allowed: " in capsys.readouterr().err
