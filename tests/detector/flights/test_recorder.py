"""Flight records: of every alarm one, whole, whatever happens meanwhile."""

from __future__ import annotations

import errno
import logging
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from detector.errors import StoreError
from detector.flights import recorder as recording
from detector.flights.selection import GIVEN_UP_S
from detector.store import flight_log, frames
from detector.store.archive import closing, flights, place
from detector.store.history import rolling
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import alarm_log, alarms
from tests.detector.flights.conftest import RATE_HZ, START, finished, seconds

PROJECT = Path(__file__).resolve().parents[3]
RECORD = """
import sys, time
from detector.flights.recorder import FlightRecorder
from detector.store.archive import flights, place
from detector.store.schema import open_store
place.os.fsync = lambda number: (print("wrote", flush=True), time.sleep(60))
FlightRecorder(open_store(sys.argv[1]), sys.argv[2]).look(float(sys.argv[3]))
"""


def test_an_alarm_that_ended_before_the_start_gets_its_record(plant):
    """Nothing but the store says that it is due."""
    plant.alarm(100.0, 130.0)
    plant.send(0.0, 300.0)
    plant.engine.dispose()
    plant.recorder().look(START + 301)
    assert seconds(flights.read(plant.place, 1)) == (40.0, 190.0, 301)


@pytest.mark.parametrize("is_same_recorder", [True, False])
def test_the_record_of_a_latched_alarm_that_comes_back_goes_on(plant, is_same_recorder):
    """It was finished; the second time, and what lay between, is in it as well."""
    alarm = plant.alarm(100.0, 130.0)
    plant.send(0.0, 200.0)
    recorder = plant.recorder()
    recorder.look(START + 201)
    assert finished(plant)
    later = plant.alarm(150.0, 160.0)
    plant.send(200.0, 400.0)
    recorder.look(START + 401)
    assert finished(plant)
    plant.comes_back(alarm)
    recorder = recorder if is_same_recorder else plant.recorder()
    recorder.look(START + 402)
    assert not finished(plant)
    plant.clear(alarm, 420.0)
    plant.send(400.0, 600.0)
    recorder.look(START + 601)
    assert finished(plant)
    assert seconds(flights.read(plant.place, alarm.id)) == (40.0, 480.0, 881)
    assert seconds(flights.read(plant.place, later.id)) == (90.0, 220.0, 261)


def test_a_record_that_is_noted_once_its_alarm_is_back_is_not_finished(plant):
    """It was made of what the alarm had been a moment before."""
    alarm = plant.alarm(100.0, 130.0)
    plant.comes_back(alarm)
    with plant.engine.begin() as connection:
        flight_log.note(connection, alarm, 7, is_finished=True)
    assert not finished(plant)


def test_a_device_that_falls_silent_is_not_waited_for(plant):
    """What is there is written, and goes on if it comes back within the hour."""
    plant.send(0.0, 140.0)
    plant.alarm(100.0, 130.0, at=START + 130)
    recorder = plant.recorder()
    recorder.look(START + 150)
    assert flights.find(plant.place, 1) is None
    recorder.look(START + 300)
    assert seconds(flights.read(plant.place, 1)) == (40.0, 139.5, 200)
    plant.send(140.0, 150.0)
    recorder.look(START + 3000)
    assert seconds(flights.read(plant.place, 1)) == (40.0, 149.5, 220)
    assert not finished(plant)
    recorder.look(START + 4000)
    assert seconds(flights.read(plant.place, 1)) == (40.0, 149.5, 220)
    assert finished(plant)


def test_hours_that_are_closed_already_are_in_it(plant):
    """As of an alarm while no detector ran; values to the bit."""
    plant.send(0.0, 300.0)
    plant.alarm(100.0, 130.0, at=START + 130)
    with plant.engine.connect() as connection:
        before = frames.between(connection, "press-1", START + 40, START + 189.5)
    while rolling.roll(plant.engine, "press-1"):
        pass
    while merge(plant.engine, "press-1", ALL):
        pass
    while closing.close_next(plant.engine, place.place_at(plant.place), np.inf):
        pass
    plant.recorder().look(START + 400)
    flight = flights.read(plant.place, 1)
    assert seconds(flight) == (40.0, 190.0, 301)
    np.testing.assert_array_equal(
        flight.values[:300], np.concatenate([frame.values for frame in before])[:300]
    )


def test_an_alarm_of_which_nothing_is_left_has_none(plant):
    """And is not looked at again."""
    plant.alarm(100.0, 130.0)
    recorder = plant.recorder()
    recorder.look(START + 9000)
    assert not finished(plant)  # it may wait at the broker
    recorder.look(START + 9000 + GIVEN_UP_S)
    assert flights.find(plant.place, 1) is None
    assert finished(plant)
    with plant.engine.connect() as connection:
        assert flight_log.recorded(connection, [1]) == set()


def test_a_disk_that_fails_is_told_once_and_tried_again(plant, monkeypatch, caplog):
    """And keeps no record of another alarm, and nothing half written, from what it is."""
    caplog.set_level(logging.INFO)
    plant.send(0.0, 300.0)
    plant.alarm(100.0, 130.0)
    plant.alarm(110.0, 140.0)
    recorder = plant.recorder()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(place.os, "fsync", full)
        for _ in range(3):
            recorder.look(START + 300)
    assert list(Path(plant.place, "_flights").iterdir()) == []
    recorder.look(START + 300)
    recorder.look(START + 300)
    assert len(flights.read(plant.place, 2).ts) == 301
    lines = [record.getMessage() for record in caplog.records]
    path = f"{plant.place}/_flights/alarm-000001.parquet"
    assert lines == [
        f"flight records wait: flight record {path}: cannot be written: No space left on device",
        "flight records are written again",
    ]


def test_a_kill_leaves_the_old_record_or_the_new_one(plant, tmp_path):
    """Killed with the new file whole but for its name; the next start writes it."""
    alarm = plant.alarm(100.0)
    plant.send(0.0, 800.0)
    plant.recorder().look(START + 800)
    before = flights.read(plant.place, 1)
    file = Path(plant.place, "_flights", "alarm-000001.parquet").stat().st_ino
    plant.clear(alarm, 700.0)
    url = f"sqlite:///{tmp_path}/faultline.db"
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD, url, plant.place, str(START + 800)],
        cwd=PROJECT, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"wrote\n"
    process.kill()
    process.wait(10)
    process.stdout.close()
    there = {path.name for path in Path(plant.place, "_flights").iterdir()}
    assert there == {"alarm-000001.parquet", ".alarm-000001.parquet.part"}
    assert flights.read(plant.place, 1).note == before.note
    plant.recorder().look(START + 800)
    assert flights.read(plant.place, 1).note.end == START + 700
    [path] = Path(plant.place, "_flights").iterdir()
    assert path.stat().st_ino != file  # another file, and not this one written over


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_record_cut_off_by_hand_is_written_anew_while_it_is_due(plant, share, caplog):
    """And refused in one line by who reads it."""
    alarm = plant.alarm(100.0)
    plant.send(0.0, 800.0)
    plant.recorder().look(START + 800)
    path = Path(plant.place, "_flights", "alarm-000001.parquet")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(StoreError, match=r"alarm-000001\.parquet: cannot be read: ") as caught:
        flights.read(plant.place, 1)
    assert "\n" not in str(caught.value)
    plant.clear(alarm, 700.0)
    plant.recorder().look(START + 800)
    assert len(flights.read(plant.place, 1).ts) == 720 * RATE_HZ + 1
    assert "written anew from what is stored" in caplog.text


def test_the_record_of_another_store_is_set_aside(plant, caplog):
    """Beside an archive that was left behind, numbers begin at one again."""
    plant.send(0.0, 300.0)
    plant.alarm(100.0, 130.0)
    plant.recorder().look(START + 300)
    with plant.engine.begin() as connection:
        connection.execute(flight_log.flights.delete())
        connection.execute(alarms.update().values(start=START + 90))
    plant.recorder().look(START + 300)
    assert flights.read(plant.place, 1).note.start == START + 90
    names = sorted(path.name for path in Path(plant.place, "_flights").iterdir())
    assert names == [f"alarm-000001.other-{START + 100:.0f}.parquet", "alarm-000001.parquet"]
    assert "found one of another store" in caplog.text


def test_a_record_goes_with_its_alarm(plant):
    """And no sooner."""
    plant.send(0.0, 300.0)
    plant.alarm(100.0, 130.0)
    plant.alarm(110.0, 130.0)
    plant.recorder().look(START + 300)
    with plant.engine.begin() as connection:
        connection.execute(frames.frames.delete())
        connection.execute(alarm_log.delete().where(alarm_log.c.alarm_id == 1))
        connection.execute(alarms.delete().where(alarms.c.id == 1))
    plant.recorder().look(START + 300)
    assert [path.name for path in Path(plant.place, "_flights").iterdir()] == [
        "alarm-000002.parquet"
    ]


def test_it_lies_wherever_fsspec_leads(plant):
    """A place that is no folder."""
    plant.place = "memory://plant/archive"
    plant.send(0.0, 300.0)
    plant.alarm(100.0, 130.0)
    plant.recorder().look(START + 300)
    assert seconds(flights.read(plant.place, 1)) == (40.0, 190.0, 301)
    flights.remove(plant.place, 1)
    assert flights.find(plant.place, 1) is None


@pytest.mark.parametrize("place", ["nowhere://plant", "gopher:///x"])
def test_a_place_that_no_library_knows_is_one_line(plant, place, caplog):
    """Told by the running detector, and by who reads."""
    with pytest.raises(StoreError, match=r"store\.archive: found .*allowed: a folder"):
        flights.read(place, 1)
    plant.place = place
    plant.send(0.0, 300.0)
    plant.alarm(100.0, 130.0)
    plant.recorder().look(START + 300)
    assert "flight records wait: store.archive" in caplog.text


def test_records_are_written_by_a_thread_of_their_own(plant, monkeypatch):
    """While the store is written to; it ends when asked to."""
    monkeypatch.setattr(recording, "LOOK_S", 0.01)
    plant.alarm(100.0, 130.0)  # long ago, of a detector that starts only now
    recorder = plant.recorder()
    recorder.start()
    for at in range(0, 300, 50):
        plant.send(at, at + 50.0)
    deadline = time.monotonic() + 30
    while not finished(plant) and time.monotonic() < deadline:
        time.sleep(0.01)
    recorder.stop()
    assert len(flights.read(plant.place, 1).ts) == 301


def test_many_alarms_that_last_keep_no_later_one_waiting(plant, monkeypatch):
    """More than are read at once."""
    monkeypatch.setattr(flight_log, "AT_ONCE", 3)
    for _ in range(7):
        plant.alarm(100.0)
    plant.send(0.0, 300.0)
    plant.alarm(100.0, 130.0)
    recorder = plant.recorder()
    recorder.look(START + 300)
    recorder.look(START + 300)
    assert len(flights.read(plant.place, 8).ts) == 301
