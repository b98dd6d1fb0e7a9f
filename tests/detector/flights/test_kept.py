"""What a flight record keeps, to the sample."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from detector.errors import StoreError
from detector.store import frames
from detector.store.archive import flights
from tests.detector.flights.conftest import RATE_HZ, START, finished, seconds


def test_a_record_has_all_from_a_minute_before_to_a_minute_after(plant):
    """To the sample, as it is in the store; written once what belongs to it is stored."""
    recorder, alarm = plant.recorder(), plant.alarm(100.0, 130.0)
    plant.send(0.0, 185.0, peak=112.0)
    recorder.look(START + 185)
    with pytest.raises(StoreError, match="flight record of alarm 1: none in"):
        flights.read(plant.place, alarm.id)
    plant.send(185.0, 300.0)
    recorder.look(START + 300)
    flight = flights.read(plant.place, alarm.id)
    assert seconds(flight) == (40.0, 190.0, 150 * RATE_HZ + 1)
    assert finished(plant)
    with plant.engine.connect() as connection:
        stored = frames.between(connection, "press-1", START + 40, START + 190)
    inside = np.concatenate([(f.ts >= START + 40) & (f.ts <= START + 190) for f in stored])
    for name in ("values", "reconstruction", "score", "mse", "judged", "anomaly"):
        every = np.concatenate([getattr(f, name) for f in stored])[inside]
        np.testing.assert_array_equal(getattr(flight, name), every)
        assert getattr(flight, name).dtype == every.dtype
    np.testing.assert_array_equal(flight.error, np.full((301, 2), 0.5, np.float32))
    note = flight.note
    assert (note.device, note.model, note.threshold) == ("press-1", "motor", 1.0)
    assert (note.contributions, note.peak_score) == ({"a": 0.75}, 3.0)
    assert (note.start - START, note.end - START, note.peak - START) == (100.0, 130.0, 112.0)


def test_pandas_opens_it_in_one_line(plant):
    """With what is known of the alarm, which any reader of Parquet finds too."""
    plant.alarm(100.0, 130.0)
    plant.send(0.0, 300.0)
    plant.recorder().look(START + 300)
    path = Path(plant.place, "_flights", "alarm-000001.parquet")
    table = pd.read_parquet(path)
    assert list(table.columns) == [
        "ts", "session", "a", "b", "a_reconstruction", "b_reconstruction", "a_error", "b_error",
        "score", "mse", "threshold", "judged", "anomaly",
    ]  # fmt: skip
    assert (table.attrs["device"], table.attrs["alarm"], len(table)) == ("press-1", 1, 301)
    metadata = pyarrow.parquet.read_schema(path).metadata
    assert json.loads(metadata[b"faultline"])["contributions"] == {"a": 0.75}
    assert pyarrow.parquet.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_a_long_alarm_keeps_its_ends_and_its_peak(plant):
    """In pieces, over a restart, although what was written first is not in the store any more."""
    alarm = plant.alarm(100.0)
    plant.send(0.0, 800.0, peak=302.0)
    plant.recorder().look(START + 800)
    assert not finished(plant)
    with plant.engine.begin() as connection:
        connection.execute(frames.frames.delete())
    plant.send(800.0, 2000.0, peak=1502.0)
    plant.clear(alarm, 1900.0)
    recorder = plant.recorder()
    recorder.look(START + 2000)
    flight = flights.read(plant.place, 1)
    assert [(a - START, b - START) for a, b in flight.note.spans] == [
        (40.0, 220.0), (242.0, 362.0), (1780.0, 1960.0),
    ]  # fmt: skip
    assert flight.note.peak - START == 302.0  # the first of two as high
    assert len(flight.ts) == (180 + 120 + 180) * RATE_HZ + 3
    assert len(np.unique(flight.ts)) == len(flight.ts)
    assert finished(plant)


def test_a_record_stays_small_however_long_nobody_comes(plant):
    """A day of an alarm, met at once and read piece by piece."""
    plant.send(0.0, 12_000.0, peak=7002.0)
    plant.alarm(100.0, 11_900.0)
    recorder = plant.recorder()
    for _ in range(3):  # a look reads two hours
        recorder.look(START + 12_000)
    flight = flights.read(plant.place, 1)
    assert len(flight.ts) == (180 + 120 + 180) * RATE_HZ + 3
    assert flight.note.peak - START == 7002.0
    assert finished(plant)


def test_features_that_come_later_are_missing_before(plant):
    """And a name that a column has already is told apart."""
    plant.send(0.0, 100.0, features=("score", "b"))
    plant.send(100.0, 300.0, features=("b", "c"))
    plant.alarm(100.0, 130.0)
    plant.recorder().look(START + 300)
    flight = flights.read(plant.place, 1)
    assert flight.note.features == ("score", "b", "c")
    assert np.isnan(flight.values[:120, 2]).all()
    assert np.isnan(flight.values[120:, 0]).all()
    assert np.isfinite(flight.values[:, 1]).all()
    table = pd.read_parquet(Path(plant.place, "_flights", "alarm-000001.parquet"))
    assert {"score_value", "score_reconstruction", "score"} <= set(table.columns)


def test_a_clock_that_was_set_back_keeps_both_minutes(plant):
    """The alarm ends an hour before it began."""
    plant.send(0.0, 300.0)
    alarm = plant.alarm(100.0)
    plant.send(-3600.0, -3400.0)
    plant.clear(alarm, -3500.0)
    recorder = plant.recorder()
    recorder.look(START)
    recorder.look(START + 9000)
    flight = flights.read(plant.place, 1)
    assert [(first - START, last - START) for first, last in flight.note.spans] == [
        (-3620.0, -3440.0), (40.0, 220.0),
    ]  # fmt: skip
    assert len(flight.ts) == (160 + 180) * RATE_HZ + 2
    assert finished(plant)
