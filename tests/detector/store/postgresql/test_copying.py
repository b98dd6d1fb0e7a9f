"""Many frames at once, as they would be written one by one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from detector.records import Frame
from detector.store import frames
from detector.store.postgresql import copying
from tests.detector.store.test_store import frame


@pytest.fixture(params=[1, 1000], ids=["by COPY", "one by one"], autouse=True)
def many(request, monkeypatch):
    """Both ways for every number of frames."""
    monkeypatch.setattr(copying, "MANY", request.param)


def test_what_is_new_is_stored_in_order_whatever_lies_between(engine):
    """Some are there, one comes twice in the same block, names hold any letter."""
    odd = {"device": 'mé"\\,\t1', "session": "a'b\\N#1", "features": ("ü\\", "0")}
    blocks = [frame(start=100.0 * number, **odd) for number in (5, 3, 9, 3, 1)]
    with engine.begin() as connection:
        frames.write(connection, [blocks[2]])
        assert frames.write(connection, blocks) == 3
        assert frames.write(connection, blocks) == 0
        found = frames.after(connection, [odd["device"]], 0)
    assert [one.ts[0] for one in found] == [900.0, 500.0, 300.0, 100.0]
    for field in dataclasses.fields(Frame):
        if field.name != "frame_id":
            np.testing.assert_array_equal(getattr(found[1], field.name),
                                          getattr(blocks[0], field.name))  # fmt: skip


def test_a_commit_that_is_undone_leaves_nothing_for_the_next(engine):
    """Of what was on its way."""
    with engine.connect() as connection:
        frames.write(connection, [frame(), frame(start=200.0)])
        connection.rollback()
        assert frames.write(connection, [frame(start=300.0)]) == 1
        connection.commit()
        assert [one.ts[0] for one in frames.after(connection, ["m1"], 0)] == [300.0]


def test_two_writes_in_one_transaction_are_both_stored(engine):
    """The second does not meet what the first has on its way."""
    with engine.begin() as connection:
        assert frames.write(connection, [frame()]) == 1
        assert frames.write(connection, [frame(), frame(start=200.0)]) == 1
        assert len(frames.after(connection, ["m1"], 0)) == 2


def test_what_is_deleted_meanwhile_does_not_come_back(engine):
    """In the same transaction, with the next frames."""
    with engine.begin() as connection:
        frames.write(connection, [frame()])
        connection.execute(frames.frames.delete())
        assert frames.write(connection, [frame(start=200.0)]) == 1
        assert [one.ts[0] for one in frames.after(connection, ["m1"], 0)] == [200.0]
