"""Workers that die, dawdle or fail: no frame is lost, none comes twice, scores stay the same."""

from __future__ import annotations

import os
import signal

import pytest
import sqlalchemy as sa

from detector.ingest.buffer import TakenBlock
from detector.store.schema import StoreFailure
from detector.workers import spread
from detector.workers.shares import worker_of
from tests.conftest import wait_for
from tests.detector.workers.conftest import DEVICES, WORKERS, part_of


@pytest.mark.parametrize("commits", ["always", "never", "once"])
def test_a_worker_that_is_killed_is_replaced_by_its_equal(crewed, commits):
    """Between requests and under them; what it knew is stored, or waits to be."""
    for number in range(12):
        if number in (3, 7, 10):
            crewed.kill(DEVICES[number % 2])
        crewed.give(number)
        if number % 3 == 0:
            crewed.come()
        if commits == "always" or (commits, number) == ("once", 6):
            crewed.come()
            crewed.commit()
    crewed.come()
    crewed.assert_same()
    assert crewed.engine.crew().restarts == 3
    assert crewed.caplog.text.count("was killed by signal 9; the next begins in 0 s") == 3


def test_a_slow_worker_holds_back_its_own_devices_alone(crewed, monkeypatch):
    """The others' frames come, its lot stays unacknowledged, and at last nobody is given more."""
    monkeypatch.setattr(spread, "MOST_WAITING", 50)
    monkeypatch.setattr(spread, "MOST_OF_ONE", 200)
    crewed.give(0)
    crewed.come()
    slow = [device for device in DEVICES if worker_of(device, WORKERS) == 0]
    quick = [device for device in DEVICES if device not in slow]
    os.kill(crewed.pid_of(slow[0]), signal.SIGSTOP)
    try:
        for number in (1, 2, 3):
            assert crewed.engine.has_room, "the others are given more"
            crewed.give(number, lot=number)
            wait_for(lambda n=number: _come(crewed, quick, n), 20, "the others' frames")
        assert not _come(crewed, slow, 1)
        assert crewed.engine.oldest_lot == 1
        assert not crewed.engine.has_room
    finally:
        os.kill(crewed.pid_of(slow[0]), signal.SIGCONT)
    crewed.come()
    crewed.assert_same()
    assert crewed.engine.has_room
    assert crewed.engine.crew().restarts == 0


def _come(crewed, devices, number):
    """Whether the frame of a number of each device came back."""
    crewed.take(crewed.engine.give((), 0, 0.05))
    counts = {one: sum(frame.device == one for frame in crewed.frames) for one in devices}
    return all(count > number for count in counts.values())


def test_a_store_that_cannot_be_read_costs_no_sample(crewed):
    """A worker wants the past of its devices; they wait until it can be told."""
    crewed.refuses = StoreFailure("SELECT", {}, sa.exc.SQLAlchemyError("away"))
    crewed.give(0)
    with pytest.raises(StoreFailure):
        wait_for(lambda: crewed.engine.begin(()), 30, "the failure is told")
    assert not crewed.engine.has_room
    crewed.refuses = None
    crewed.come()
    crewed.give(1)
    crewed.come()
    crewed.assert_same()


def test_what_a_worker_cannot_score_is_lost_and_told_and_stops_nothing(crewed):
    """As a fault of the scoring thread; the other worker's frames are there."""
    crewed.give(0)
    crewed.come()
    broken = part_of(DEVICES[0], 1)
    broken = type(broken)(broken.features, broken.ts, broken.values[:, :2])
    blocks = [TakenBlock(DEVICES[0], broken, 0.0, broken=False)]
    crewed.engine.begin(blocks)
    crewed.take(crewed.engine.give(blocks, 0))
    other = next(d for d in DEVICES if worker_of(d, WORKERS) != worker_of(DEVICES[0], WORKERS))
    crewed.give(1, [other])
    crewed.come()
    assert crewed.faults == 1
    assert len([frame for frame in crewed.frames if frame.device == other]) == 2
    assert "a worker failed at 1 block" in crewed.caplog.text


def test_a_rate_that_does_not_fit_is_known_to_the_next_worker(crewed):
    """A stream that is unscored for its rate stays so, and is not begun with the model again."""
    parts = [part_of("m0", number) for number in range(8)]
    begun = parts[0].ts[0]
    halved = [type(one)(one.features, begun + 2 * (one.ts - begun), one.values) for one in parts]
    blocks = [TakenBlock("m0", one, 0.0, broken=False) for one in halved]
    for block in blocks[:5]:
        crewed.engine.begin([block])
        crewed.engine.give([block], 0)
        crewed.come()
    assert "allowed: 45 to 55 Hz" in crewed.engine.picture("m0").said
    crewed.kill("m0")
    crewed.engine.begin(blocks[5:])
    crewed.engine.give(blocks[5:], 0)
    crewed.come()
    assert crewed.engine.card_of("m0") is None
    assert crewed.caplog.text.count("scored with small") == 1
