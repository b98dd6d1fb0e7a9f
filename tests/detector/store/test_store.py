"""The store: a real SQLite in WAL mode, and a real PostgreSQL."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from detector.errors import StoreError
from detector.records import Alarm, DetectorHealth, DeviceState, DeviceStatus, Frame, ModelCard
from detector.store import alarms, commands, devices, frames
from detector.store.schema import open_store


def frame(device="m1", start=100.0, n=4, **changes):
    """A frame of n samples and two features."""
    ramp = np.arange(n * 2, dtype=np.float32).reshape(n, 2)
    made = Frame(
        device=device,
        session="s",
        features=("a", "b"),
        ts=start + np.arange(n) * 0.5,
        values=ramp,
        reconstruction=ramp + 1,
        score=np.linspace(0, 2, n, dtype=np.float32),
        mse=np.ones(n, np.float32),
        judged=np.array([True] * (n - 1) + [False]),
        threshold=1.0,
        contributions=np.array([0.25, 0.75], np.float32),
        arrival=start + 9,
    )
    return dataclasses.replace(made, **changes)


def test_a_frame_is_read_back_as_it_was_written(engine):
    """Every array and name of a frame survives the store unchanged."""
    written = frame()
    with engine.begin() as connection:
        frames.write(connection, [written])
        [read] = frames.after(connection, ["m1"], 0)
    for field in dataclasses.fields(Frame):
        if field.name != "frame_id":
            np.testing.assert_array_equal(getattr(read, field.name), getattr(written, field.name))
    assert read.frame_id == 1


def test_writing_the_same_frames_twice_changes_nothing(engine):
    """A redelivered block meets the unique key."""
    with engine.begin() as connection:
        assert frames.write(connection, [frame(), frame(start=200.0)]) == 2
        frames.write(connection, [frame(), frame(start=200.0)])
        assert [f.ts[0] for f in frames.after(connection, ["m1"], 0)] == [100.0, 200.0]


def test_recent_ends_where_the_device_clock_jumps_back(engine):
    """A replay started again does not draw over the earlier one."""
    with engine.begin() as connection:
        frames.write(connection, [frame(start=500.0), frame(start=100.0), frame(start=102.0)])
        assert [f.ts[0] for f in frames.recent(connection, "m1", 60.0)] == [100.0, 102.0]
        assert [f.ts[0] for f in frames.recent(connection, "m1", 0.1)] == [102.0]


def test_anomaly_needs_a_judged_sample_above_the_threshold():
    """A sample outside the states asked for is never an anomaly, nor is a warming-up one."""
    made = frame(score=np.array([np.nan, 0.5, 1.5, 1.5], np.float32))
    assert made.anomaly.tolist() == [False, False, True, False]


def test_a_device_status_is_read_back_with_its_model(engine):
    """The page reads all it needs of a model from the store."""
    card = ModelCard("x", "lstm_ae", 60, 0.01, ("a",), ("g",), (0.1,), (2.0,), "max")
    status = DeviceStatus(
        "m1", DeviceState.OK, None, 0.5, 0.9, 1.0, 1.0, 2.0, 100.0, ("a",), card, {"late": 3}
    )
    bare = dataclasses.replace(status, device="m2", model=None, score=None)
    with engine.begin() as connection:
        devices.update(connection, [status, bare])
        devices.update(connection, [status])
        assert devices.every(connection) == [status, bare]


def test_a_second_detector_is_refused_until_the_lease_is_old(engine):
    """Two detectors never write to one store."""
    with engine.begin() as connection:
        devices.take_lease(connection, "first", now=100.0)
        with pytest.raises(StoreError, match="another detector"):
            devices.take_lease(connection, "second", now=101.0)
        devices.take_lease(connection, "second", now=110.0)
        with pytest.raises(StoreError, match="taken by another"):
            devices.renew_lease(connection, DetectorHealth("first", 111.0, "connected", {}))


def test_an_alarm_keeps_its_log_until_published(engine):
    """A crash between commit and publish loses no transition."""
    alarm = Alarm(None, "m1", "score", "active", 10.0, None, 2.0, {"a": 1.0}, "model", 1.0)
    with engine.begin() as connection:
        alarm_id = alarms.raise_alarm(connection, alarm, at=11.0)
        ended = dataclasses.replace(alarm, id=alarm_id, state="cleared", end=20.0, peak_score=3.0)
        alarms.update(connection, ended)
        alarms.log(connection, alarm_id, "cleared", 20.0, at=21.0)
        waiting = alarms.unpublished(connection)
        assert [(transition, found) for _, transition, _, found in waiting] == [
            ("raised", ended),
            ("cleared", ended),
        ]
        alarms.mark_published(connection, [waiting[0][0]])
        assert [row[1] for row in alarms.unpublished(connection)] == ["cleared"]
        assert alarms.listed(connection, "m1") == [ended]
        assert alarms.active(connection) == []


def test_the_last_applied_threshold_is_kept(engine):
    """A refused or pending command does not count."""
    with engine.begin() as connection:
        ids = [
            commands.issue(connection, "m1", "threshold", {"threshold": value}, "ann")
            for value in (1.1, 1.4, 99.0)
        ]
        commands.mark_applied(connection, ids[0], "applied")
        commands.mark_applied(connection, ids[1], "applied")
        commands.mark_applied(connection, ids[2], "refused: out of range")
        assert commands.thresholds(connection) == {"m1": 1.4}
        assert commands.pending(connection) == []


def test_a_store_that_cannot_be_opened_gets_one_line():
    """The message names the store and hides its password."""
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        open_store("sqlite:////nowhere/at/all.db")
    assert "\n" not in str(caught.value)
