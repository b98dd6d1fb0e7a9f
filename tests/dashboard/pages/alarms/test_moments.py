"""A flight record as moments for the slider."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.pages.alarms.moments import moments_of
from detector.store.archive.flights import Flight, FlightNote
from tests.dashboard.pages.alarms.alarm import alarm


@pytest.fixture
def flight():
    """Ten seconds at 10 Hz, the alarm from the fifth on; a second is missing, x is off by 2."""
    ts = 95.0 + np.arange(100) / 10
    ts = ts[(ts < 97) | (ts >= 98)]
    n = len(ts)
    model = np.zeros((n, 2), np.float32)
    values = np.tile(np.array([0.1, 1.0], np.float32), (n, 1))
    values[ts >= 100, 0] = 2.0
    score = np.where(ts >= 100, 3.0, 0.5).astype(np.float32)
    note = FlightNote(
        1, "press", "score", "m", 1.0, {}, 100.0, 110.0, 3.0, 100.0, 105.0, (), ("x", "y")
    )
    return Flight(note, ts, ("s",) * n, values, model, score, score, np.ones(n), np.ones(n, bool))


def test_extremes_gaps_and_shares_of_each_moment_are_kept(flight):
    """The gap has nothing; the share is against the error before the alarm, not the largest one."""
    made = moments_of(flight, alarm(1), ("y", "x"), moments=10)
    assert (made["start"], round(made["step_s"], 2), made["began"]) == (95.0, 0.99, 100.0)
    y, x = made["features"]
    assert (x["name"], x["mean"][2], made["score"][2]) == ("x", None, None)
    assert (x["low"][0], x["high"][0], x["model"][0]) == pytest.approx((0.1, 0.1, 0.0))
    assert made["score"][7] == 3.0
    assert made["above"] == [False] * 5 + [True] * 5
    assert made["peak"] == 5
    assert x["share"][0] == pytest.approx(0.5)  # as before the alarm, though y is off by more
    assert x["share"][7] == pytest.approx(400 / 401, rel=1e-3)
    assert x["share"][7] + y["share"][7] == pytest.approx(1.0, rel=1e-3)


def test_a_record_without_a_time_before_is_against_its_own_mean(flight):
    """Such as one that begins in the warm-up."""
    flight.reconstruction[flight.ts < 100] = np.nan
    made = moments_of(flight, alarm(1), ("x", "y"), moments=10)
    assert [feature["share"][7] for feature in made["features"]] == pytest.approx([0.5, 0.5])
    assert made["features"][0]["share"][0] is None


def test_a_model_without_a_reconstruction_has_no_shares(flight):
    """And a record of one sample is one."""
    flight.reconstruction[:] = np.nan
    made = moments_of(flight, alarm(1), ("x",), moments=5)
    assert made["features"][0]["share"] == [None] * 5
    one = Flight(flight.note, *(part[:1] for part in (
        flight.ts, flight.session, flight.values, flight.reconstruction, flight.score, flight.mse,
        flight.threshold, flight.judged)))  # fmt: skip
    assert moments_of(one, alarm(1), ("x",), moments=5)["score"][0] == 0.5
