"""A device that sends, whose alarms begin and end."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from detector.alarms.book import Book
from detector.flights.recorder import FlightRecorder
from detector.records import Alarm, DeviceState, DeviceStatus, Frame
from detector.store import alarms, devices, flight_log, frames
from detector.store.places import archive_place
from detector.store.schema import Engine, open_store

START = 1_772_366_400.0  # 2026-03-01T12:00:00Z
RATE_HZ = 2.0
ALARM = Alarm(None, "press-1", "score", "active", START, None, 3.0, {"a": 0.75}, "motor", 1.0)


@dataclass
class Plant:
    """A store, and what is written to it as a detector does."""

    engine: Engine
    place: str

    def send(self, first: float, last: float, peak: float | None = None, **changes) -> None:
        """Samples from ``first`` to before ``last``, seconds from ``START``; in frames of 5 s."""
        found = [frame(at, peak, **changes) for at in np.arange(first, last, 5.0)]
        status = DeviceStatus(
            "press-1", DeviceState.OK, None, 1.0, 1.0, 1.0, found[-1].ts[-1], found[-1].ts[-1],
            RATE_HZ, ("a", "b"), None,
        )  # fmt: skip
        with self.engine.begin() as connection:
            frames.write(connection, found)
            devices.update(connection, [status])

    def alarm(self, start: float, end: float | None = None, at: float = START) -> Alarm:
        """An alarm in the store, ``start`` and ``end`` seconds from ``START``."""
        with self.engine.begin() as connection:
            raised = replace(ALARM, start=START + start)
            number = alarms.raise_alarm(connection, raised, at)
            raised = replace(raised, id=number)
        return raised if end is None else self.clear(raised, end, at)

    def clear(self, alarm: Alarm, end: float, at: float = START) -> Alarm:
        """The end of an alarm."""
        cleared = replace(alarm, state="cleared", end=START + end)
        with self.engine.begin() as connection:
            alarms.update(connection, cleared)
            alarms.log(connection, alarm.id, "cleared", cleared.end, at)
        return cleared

    def comes_back(self, alarm: Alarm) -> None:
        """A latched alarm whose cause is there again, as the detector tells it."""
        latched = replace(alarm, state="active", life="latched")
        with self.engine.begin() as connection:
            Book([latched], [], lambda *_: None).begin(connection, replace(latched, id=None), START)

    def recorder(self) -> FlightRecorder:
        """As a detector that has just started has it."""
        return FlightRecorder(self.engine, self.place, pause_s=0.0)


def frame(at, peak=None, features=("a", "b"), session="#1"):
    """Five seconds of samples, all anomalies, the highest at ``peak`` seconds from ``START``."""
    n = int(5 * RATE_HZ)
    seconds = at + np.arange(n) / RATE_HZ
    values = np.stack([seconds + i for i in range(len(features))], axis=1).astype(np.float32)
    score = np.full(n, 2.0, np.float32)
    if peak is not None:
        score[np.isclose(seconds, peak)] = 3.0
    score[0] = np.nan
    return Frame(
        device="press-1", session=session, features=features, ts=START + seconds, values=values,
        reconstruction=values + np.float32(0.5), score=score, mse=score,
        judged=np.arange(n) != 1, threshold=1.0,
        contributions=np.ones(len(features), np.float32), arrival=START + at,
    )  # fmt: skip


def seconds(flight):
    """First and last sample from the start of the tests, and how many there are."""
    return (flight.ts[0] - START, flight.ts[-1] - START, len(flight.ts))


def finished(plant):
    """Alarms that are not waited for any more."""
    with plant.engine.connect() as connection:
        return not flight_log.due(connection)


@pytest.fixture
def plant(tmp_path):
    """With a store of its own."""
    engine = open_store(f"sqlite:///{tmp_path}/faultline.db")
    yield Plant(engine, archive_place(engine, None))
    engine.dispose()
