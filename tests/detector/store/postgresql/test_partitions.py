"""Frames lie in one partition a day, which goes at once and never in the way of a reader."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from detector.store import frames
from detector.store.postgresql.partitions import AHEAD, DAY_S, drop_before, make_ahead
from detector.store.schema import frames as table
from detector.store.schema import open_store
from tests.detector.store.test_store import frame

NOW = 1_772_366_400.0  # 2026-03-01T12:00:00Z


@pytest.fixture
def store(server):
    """With partitions from the first of March on."""
    made = open_store(server.new_schema())
    with made.begin() as connection:
        make_ahead(connection, NOW)
    yield made
    made.dispose()


def where(connection):
    """Start of every frame with the table it lies in."""
    rows = connection.exec_driver_sql("SELECT tableoid::regclass::text, start FROM frames")
    return {row.start: row.tableoid for row in rows}


def tables(store):
    """Partitions there are."""
    return {name for name in sa.inspect(store).get_table_names() if name.startswith("frames_")}


def write(store, *starts, arrival=NOW):
    """A frame of the same device at each time."""
    with store.begin() as connection:
        frames.write(connection, [frame(start=start, arrival=arrival) for start in starts])


def test_a_frame_lies_in_the_partition_of_its_day(store):
    """Or with all others, where its clock is off; found by every query all the same."""
    starts = (NOW, NOW + DAY_S, 0.0, NOW + 1000 * DAY_S)
    write(store, *starts)
    with store.connect() as connection:
        assert where(connection) == {
            NOW: "frames_20260301", NOW + DAY_S: "frames_20260302",
            0.0: "frames_other", NOW + 1000 * DAY_S: "frames_other",
        }  # fmt: skip
        assert [one.ts[0] for one in frames.after(connection, ["m1"], 0)] == list(starts)
        assert frames.extent(connection, "m1") == (0.0, NOW + 1000 * DAY_S + 1.5)


def test_partitions_are_made_ahead_once(store):
    """Of today and the next days, also where some are there."""
    days = {f"frames_2026030{day}" for day in range(1, 1 + AHEAD)}
    assert tables(store) == {"frames_other", *days}
    with store.begin() as connection:
        make_ahead(connection, NOW + DAY_S)
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "10s"  # as before
    assert tables(store) == {"frames_other", *days, f"frames_2026030{AHEAD + 1}"}


def test_a_day_is_dropped_once_all_of_it_is_old(store):
    """By arrival; what came late keeps its day, and of the others goes what is old."""
    write(store, NOW, 0.0)
    write(store, NOW + DAY_S, NOW + DAY_S + 10, 10.0, arrival=NOW + DAY_S)
    write(store, NOW + 20, arrival=NOW + 2 * DAY_S)
    with store.begin() as connection:
        drop_before(connection, NOW + DAY_S, NOW + 5 * DAY_S)
        assert set(where(connection)) == {NOW, NOW + 20, NOW + DAY_S, NOW + DAY_S + 10, 10.0}
        drop_before(connection, NOW + DAY_S + 1, NOW + 5 * DAY_S)
        assert set(where(connection)) == {NOW, NOW + 20}
    assert tables(store) == {"frames_other", "frames_20260301"}  # empty days go too


def test_a_day_to_come_is_kept_although_it_is_empty(store):
    """Nothing of it is old."""
    with store.begin() as connection:
        drop_before(connection, NOW + 100, NOW)
    assert len(tables(store)) == 1 + AHEAD


def test_a_reader_holds_nothing_up(store, caplog):
    """A day that is read is dropped later, one that is missing is made later, all else goes on."""
    caplog.set_level("INFO")
    write(store, NOW)
    with store.connect() as reader, store.begin() as connection:
        reader.execute(sa.select(table.c.start)).all()
        began = time.monotonic()
        drop_before(connection, NOW + 1, NOW + DAY_S)
        make_ahead(connection, NOW + DAY_S)
        waited_s = time.monotonic() - began
        frames.write(connection, [frame(start=NOW + 40 * DAY_S)])
        [patience] = connection.exec_driver_sql("SHOW lock_timeout").one()
    assert waited_s < 3  # a tenth each, on a busy machine
    assert patience == "10s"
    assert "frames_20260301 is dropped later (canceling statement due to lock" in caplog.text
    assert "frames_20260304 is made later" in caplog.text
    with store.begin() as connection:
        assert set(where(connection)) == {NOW, NOW + 40 * DAY_S}
        drop_before(connection, NOW + 1, NOW + DAY_S)
        make_ahead(connection, NOW + DAY_S)
        assert set(where(connection)) == {NOW + 40 * DAY_S}
    assert "frames_20260304" in tables(store)


def test_a_day_whose_frames_lie_with_the_others_stays_there(store):
    """It cannot be made any more, and nothing is lost or stored twice."""
    write(store, NOW + 7 * DAY_S)
    with store.begin() as connection:
        make_ahead(connection, NOW + 7 * DAY_S)
        assert frames.write(connection, [frame(start=NOW + 7 * DAY_S)]) == 0
        assert frames.write(connection, [frame(start=NOW + 7 * DAY_S + 60)]) == 1
        assert set(where(connection).values()) == {"frames_other"}
