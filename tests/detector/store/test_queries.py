"""What the detector and the page ask of a store, of each kind."""

from __future__ import annotations

import dataclasses

import pytest

from dashboard.live import detectors, reading
from detector.errors import StoreError
from detector.records import (
    Alarm,
    Command,
    DetectorHealth,
    DeviceState,
    DeviceStatus,
    Outcome,
    Unused,
    backlog_label,
)
from detector.settings.tree import Settings
from detector.store import alarms, births, commands, devices, flight_log, frames, unused
from detector.store.archive.past import Past
from detector.store.archive.place import place_at
from detector.store.schema import open_store
from tests.detector.store.test_store import frame

ALARM = Alarm(None, "m1", "score", "active", 10.0, None, 2.0, {"a": 0.25}, "model", 1.0)
LEFT_OUT = Unused("plant/m1", "mode", Outcome.LEFT_OUT, "", "\x00 is 'no' \"number\"", 3, 1.77e9)
BACKLOG = f"{backlog_label('s')}#1"


@pytest.fixture
def blocks(engine):
    """Three frames of one session, late ones beside them, one of a next session."""
    written = [frame(start=100.0 + 2 * number) for number in range(3)]
    written += [frame(start=50.0, session=BACKLOG), frame(start=200.0, session="t")]
    written += [frame(device="m2", start=100.0, features=("b", "c"))]
    with engine.begin() as connection:
        frames.write(connection, written)
    return written


def starts(found):
    """Of frames."""
    return [float(one.ts[0]) for one in found]


def test_frames_are_found_by_time_and_by_session(engine, blocks):
    """Late ones by time alone."""
    with engine.connect() as connection:
        assert starts(frames.between(connection, "m1", 51.5, 102.0)) == [100.0, 102.0, 50.0]
        assert starts(frames.stream_between(connection, "m1", 0.0, 1e9)) == [
            50.0, 100.0, 102.0, 104.0, 200.0,
        ]  # fmt: skip
        assert frames.amount(connection, "m1", 100.0, 106.0) == (100.0, 105.5, 12)
        assert frames.amount(connection, "m1", 1e3, 1e4) is None
        assert frames.spans(connection, "m1", 105.5, 300.0) == [(104.0, 105.5), (200.0, 201.5)]
        assert frames.features_between(connection, "m2", 0.0, 1e9) == (("b", "c"), 4)
        assert frames.extent(connection, "m1") == (50.0, 201.5)
        assert frames.extent(connection, "none") is None


def test_the_ends_of_the_newest_session_are_read(engine, blocks):
    """As far as there is something, by who goes on with it."""
    with engine.begin() as connection:
        frames.write(connection, [frame(start=202.0, session="t"), frame(start=204.0, session="t")])
    past = Past(engine, place_at("memory://"))
    first, newest = past.newest_session("m1", 1, 5)
    assert (starts(first), starts(newest)) == ([200.0], [202.0, 204.0])
    assert past.newest_session("none", 1, 1) == ([], [])
    assert float(past.newest_live("m1").ts[0]) == 204.0
    assert past.spans("m2", 0, 1e9) == [(100.0, 101.5)]


def test_many_frames_are_read_a_few_at_a_time(engine):
    """Through a cursor that the server holds."""
    with engine.begin() as connection:
        frames.write(connection, [frame(start=10.0 * number, n=2) for number in range(450)])
    with engine.connect() as connection:
        found = frames.stream_between(connection, "m1", 0.0, 1e9)
        assert starts([next(found), next(found)]) == [0.0, 10.0]
        assert len(list(found)) == 448
        assert len(frames.recent(connection, "m1", 1000.0)) == 101


def test_what_is_received_is_kept_by_topic(engine):
    """Replaced and forgotten; texts of any kind."""
    with engine.begin() as connection:
        births.write(connection, {"a/ü": b"\x00\xff", "b": b"1"})
        births.write(connection, {"b": None, "c": b"2"})
        assert births.every(connection) == {"a/ü": b"\x00\xff", "c": b"2"}
        unused.write(connection, {LEFT_OUT.topic: [LEFT_OUT]})
        unused.write(connection, {LEFT_OUT.topic: [dataclasses.replace(LEFT_OUT, count=4)]})
        assert unused.every(connection) == [dataclasses.replace(LEFT_OUT, count=4)]
        unused.clear(connection)
        assert unused.every(connection) == []


def test_a_command_is_read_back_with_its_outcome(engine):
    """Whatever it asks for."""
    with engine.begin() as connection:
        asked = commands.issue(connection, "m1", "confirm", {"why": "läuft", "n": [1, None]}, "Kim")
        commands.mark_applied(connection, asked, "refused: no")
        found = commands.one(connection, asked)
        assert isinstance(found, Command)
        assert (found.value, found.outcome) == ({"why": "läuft", "n": [1, None]}, "refused: no")
        assert commands.latest(connection, "m1", "confirm") == found
        assert commands.latest(connection, "m1", "reload") is None


def test_alarms_are_found_by_time(engine):
    """Active ones have no end."""
    with engine.begin() as connection:
        for alarm in (dataclasses.replace(ALARM, state="cleared", end=20.0), ALARM):
            alarms.raise_alarm(connection, alarm, at=11.0)
        assert [one.id for one in alarms.overlapping(connection, "m1", 15.0, 18.0)] == [2, 1]
        assert [one.id for one in alarms.overlapping(connection, "m1", 25.0, 28.0)] == [2]
        assert [one.id for one in alarms.active(connection)] == [2]


def test_flight_records_are_due_until_they_are_finished(engine):
    """And go with their alarms."""
    with engine.begin() as connection:
        for alarm in (dataclasses.replace(ALARM, state="cleared", end=20.0), ALARM):
            number = alarms.raise_alarm(connection, alarm, at=11.0)
        alarms.log(connection, 1, "cleared", 20.0, at=21.0)
        flight_log.note(connection, dataclasses.replace(ALARM, id=2), 5, is_finished=False)
        first, second = flight_log.due(connection)
        assert (first.alarm.id, first.cleared_at, first.newest) == (1, 21.0, None)
        assert (second.alarm.id, second.cleared_at) == (number, None)
        flight_log.note(connection, second.alarm, 9, is_finished=True)
        assert [one.alarm.id for one in flight_log.due(connection)] == [1]
        flight_log.note(connection, dataclasses.replace(ALARM, id=7), 9, is_finished=True)
        assert flight_log.recorded(connection, [1, 2, 3]) == {2}
        assert flight_log.forsaken(connection) == [7]
        flight_log.forget(connection, 7)
        assert flight_log.forsaken(connection) == []


def test_the_lease_tells_who_lives(engine):
    """And goes with its owner."""
    with engine.begin() as connection:
        assert devices.health(connection) is None
        assert not devices.take_lease(connection, "me", 1.0)
        devices.renew_lease(connection, DetectorHealth("me", 2.0, "connected", {"late": 1}))
        assert devices.health(connection) == DetectorHealth("me", 2.0, "connected", {"late": 1})
        assert not devices.is_alive(connection)
        devices.release_lease(connection, "me")
        assert devices.health(connection) is None


def test_the_page_reads_what_it_shows(engine, blocks):
    """Through its own reading: all devices with their alarms, and the recent scores of one."""
    status = DeviceStatus("m1", DeviceState.OK, None, 0.5, 0.9, 1.0, 1.0, 2.0, 2.0, ("a",), None)
    with engine.begin() as connection:
        devices.update(connection, [status])
        alarms.raise_alarm(connection, ALARM, at=11.0)
    with engine.connect() as connection:
        told = reading.overview(connection, Settings(), detectors.health(connection, 3.0))
        assert [one["device"] for one in told["devices"]] == ["m1"]
        assert [one["peak_score"] for one in told["alarms"]] == [2.0]
        judged = [1.333, 1.333]  # the highest score of each half, 2.0, is of a sample that is not
        assert reading.recent_scores(connection, "m1", 1000.0, 2) == judged
        newest = frames.recent(connection, "m1", 1000.0)
        assert starts(newest) == [100.0, 102.0, 104.0, 200.0]
        assert starts(frames.after(connection, ["m1", "m2"], newest[0].frame_id, 2)) == [
            102.0, 104.0,
        ]  # fmt: skip


def test_a_store_that_is_there_is_opened_again(store_url):
    """By a reader that makes none, and one that is not there is refused."""
    with pytest.raises(StoreError, match=r"no such file|found no tables"):
        open_store(store_url, must_exist=True)
    open_store(store_url).dispose()
    open_store(store_url, must_exist=True).dispose()


def test_alarms_of_the_past_are_found_by_what_is_wanted(engine):
    """A page at a time, the newest first; those that go on are of every later time."""
    with engine.begin() as connection:
        for start, end, device, verdict in [
            (10.0, 20.0, "a", "real"), (30.0, None, "a", None), (50.0, 60.0, "b", "false"),
        ]:  # fmt: skip
            one = Alarm(None, device, "score", "cleared", start, end, 2.0, {}, "m", 1.0,
                        verdict=verdict)  # fmt: skip
            alarms.raise_alarm(connection, one, start)

        def found(limit=10, offset=0, **wanted):
            asked = alarms.Wanted(**wanted)
            page = alarms.page_of(connection, asked, limit, offset)
            return [one.id for one in page], alarms.count_of(connection, asked)

        assert found() == ([3, 2, 1], 3)
        assert found(limit=1, offset=1) == ([2], 3)
        assert found(device="a", verdict="none") == ([2], 1)
        assert found(verdict="real") == ([1], 1)
        assert found(start=25.0, end=40.0) == ([2], 1)
        assert found(start=70.0) == ([2], 1)
        newest = alarms.one(connection, 3)
        assert [one.id for one in alarms.earlier(connection, newest, 10)] == [2, 1]
        before = alarms.revision(connection)
        number = commands.issue(connection, "a", "ack", {"alarms": [1, 12]}, "Kim")
        assert alarms.revision(connection) == before
        commands.mark_applied(connection, number, "applied")
        assert alarms.revision(connection) != before
        assert [one.id for one in commands.about(connection, 1)] == [number]
        assert commands.about(connection, 2) == []
