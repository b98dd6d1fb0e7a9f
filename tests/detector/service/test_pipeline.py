"""The scoring thread's tick with a real store, and a broker whose window the test holds."""

from __future__ import annotations

import time

import numpy as np
import pytest
import sqlalchemy as sa

from detector.ingest.buffer import Receipt, SharedBuffer
from detector.ingest.clocks import Clocks
from detector.ingest.connection import Connection, ConnectionState
from detector.ingest.delivery import Delivery
from detector.ingest.unused import UnusedInventory
from detector.service import clock
from detector.service.lease import Lease
from detector.service.pipeline import Pipeline
from detector.settings.tree import Settings
from detector.store import alarms as alarm_store
from detector.store import births, frames
from detector.store.schema import StoreFailure, open_store
from detector.store.schema import frames as frames_table
from tests.support.messages import T0, message

IN_FLIGHT, LOT = 40, 2


class Broker:
    """Stands in for the subscriber: lets so many messages wait, and keeps their receipts."""

    commit_after, hold_at_most = IN_FLIGHT // 2, IN_FLIGHT * 9 // 10
    clocks, connections = Clocks(np.inf, lambda _: False), 1

    def __init__(self):
        self.state = ConnectionState.CONNECTED
        self.acknowledged = []
        self.heard = {}
        self.unused = UnusedInventory()

    @property
    def connection(self):
        """In the state that the test chose."""
        return Connection(self.state, "", 0.0)

    def births(self):
        """Those the test had it hear."""
        heard, self.heard = self.heard, {}
        return heard

    def counters(self):
        """None."""
        return {}

    def ack(self, receipts):
        """Keep the numbers."""
        self.acknowledged += [receipt.message for receipt in receipts]

    def publish(self, *_, **__):
        """To nobody."""
        return Delivery(Confirmed(), ())


class Confirmed:
    """A message that the broker has."""

    mid = 1

    def is_published(self):
        """At once."""
        return True


class Bench:
    """A pipeline, its buffer and its store."""

    def __init__(self, folder, **alarms):
        self.store = open_store(f"sqlite:///{folder}/faultline.db")
        self.buffer = SharedBuffer(10_000, 10, lot=LOT)
        self.broker = Broker()
        lease = Lease(self.store)
        lease.take()
        settings = Settings(mqtt={"receive_maximum": IN_FLIGHT}, alarms=alarms)
        self.pipeline = Pipeline(settings, self.store, self.buffer, self.broker, lease)
        self.sent = 0
        self.now = 0.0

    def send(self, **channels):
        """One message, with a receipt."""
        self.sent += 1
        ts = channels.pop("ts")
        self.buffer.append("m", message(ts, **channels), time.time(), Receipt(1, self.sent))

    def ticks(self, seconds=0.0):
        """Ticks over so many seconds of the scoring thread's clock."""
        for _ in range(round(seconds / 0.1) + 1):
            self.pass_time(0.1)
            self.pipeline.guarded_tick()

    def pass_time(self, seconds):
        """Of the scoring thread's clock."""
        self.now += seconds

    def stored(self):
        """Values of all that is stored, in order of time."""
        with self.store.connect() as connection:
            found = frames.between(connection, "m", -np.inf, np.inf)
        return np.concatenate([frame.values for frame in found]) if found else np.empty((0, 2))


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """On a clock of the test's own."""
    made = Bench(tmp_path)
    monkeypatch.setattr(clock.time, "monotonic", lambda: made.now)
    yield made
    made.store.dispose()


def test_a_tick_begins_every_so_often_however_long_the_last_one_took(bench, monkeypatch):
    """Else a detector that is busy for half of the time would look half as often."""
    waited = []
    monkeypatch.setattr(bench.buffer, "wait", lambda seconds, _: waited.append(seconds))
    for took in (0.03, 0.4):
        monkeypatch.setattr(bench.pipeline, "tick", lambda s=took: bench.pass_time(s))
        bench.ticks()
        bench.pipeline.wait_for_work()
    assert waited == pytest.approx([0.07, 0.0])


def test_a_moment_waits_for_its_other_half_when_the_broker_lets_no_more_wait(bench):
    """The older messages make room for it; the half that came last is not given up."""
    for i in range(IN_FLIGHT // 2):
        bench.send(ts=T0 + i, x=float(i))
        if i < IN_FLIGHT // 2 - 1:
            bench.send(ts=T0 + i, y=float(i))
    bench.send(ts=T0 + 1000, x=1000.0)  # the window is full: 40 messages, two of them halves
    bench.ticks()
    assert 0 < len(bench.broker.acknowledged) <= IN_FLIGHT - 2
    bench.send(ts=T0 + IN_FLIGHT // 2 - 1, y=IN_FLIGHT / 2 - 1.0)
    bench.send(ts=T0 + 1000, y=1000.0)
    bench.ticks(3.0)
    assert bench.broker.acknowledged == list(range(1, bench.sent + 1))
    values = bench.stored()
    assert len(values) == IN_FLIGHT // 2 + 1
    np.testing.assert_array_equal(values[:, 0], values[:, 1])


@pytest.mark.parametrize("trouble", ["no connection", "a store that cannot be written"])
def test_a_moment_waits_for_its_other_half_while_nothing_can_come(bench, trouble, monkeypatch):
    """However long that takes: what is stored by halves stays so."""
    for i in range(20):
        bench.send(ts=T0 + i, x=float(i), y=float(i))
    bench.ticks(1.5)
    bench.send(ts=T0 + 20, x=20.0, y=20.0)
    bench.send(ts=T0 + 21, x=21.0)
    if trouble == "no connection":
        bench.broker.state = ConnectionState.DISCONNECTED
        bench.ticks(5.0)
        bench.broker.state = ConnectionState.CONNECTED
    else:
        with monkeypatch.context() as patched:
            patched.setattr(frames, "write", _fails)
            bench.ticks(5.0)
    assert len(bench.stored()) <= 21
    bench.send(ts=T0 + 21, y=21.0)
    bench.ticks(1.5)
    np.testing.assert_array_equal(bench.stored()[:, 0], bench.stored()[:, 1])
    assert len(bench.stored()) == 22
    assert bench.broker.acknowledged == list(range(1, bench.sent + 1))


@pytest.mark.parametrize("query", ["newest_live", "newest_session"])
def test_a_store_that_cannot_be_read_costs_no_sample(bench, query, monkeypatch):
    """What a new device brought is taken again, once an earlier run's end can be looked up."""
    rule = [{"match": "m", "model": "models/motor-600rpm"}]
    monkeypatch.setattr(bench.pipeline.engine.rulings, "settings", Settings(devices=rule))
    for i in range(100):
        values = dict.fromkeys(("acc_x", "acc_y", "acc_z"), float(i))
        bench.send(ts=T0 + i / 100, rpm=600.0, **values)
    with monkeypatch.context() as patched:
        patched.setattr(frames, query, _fails)
        bench.ticks(3.0)
        assert bench.broker.acknowledged == []
    bench.ticks(3.0)
    assert bench.stored()[:, 1].tolist() == list(range(100))
    assert bench.broker.acknowledged == list(range(1, 101))


def test_a_birth_is_kept_before_its_message_is_acknowledged(bench, monkeypatch):
    """In the same commit as the samples; a failed one forgets nothing."""
    bench.broker.heard = {"a": b"1", "b": b"2"}
    bench.send(ts=T0, x=1.0, y=1.0)
    with monkeypatch.context() as patched:
        patched.setattr(frames, "write", _fails)
        bench.ticks()
    assert _kept(bench) == {}
    bench.broker.heard = {"a": b"3", "b": None}
    bench.ticks()
    assert _kept(bench) == {"a": b"3"}


def _kept(bench):
    with bench.store.connect() as connection:
        return births.every(connection)


def _fails(connection, *_):
    connection.execute(sa.insert(frames_table).values(device="half"))  # refused: NOT NULL
    raise StoreFailure


def test_a_store_that_goes_away_between_scoring_and_commit_loses_nothing(bench):
    """As a server that ends just then: what a newcomer's past is asked of fails, once."""
    failed = []

    def fail_once(_connection, _cursor, statement, *_):
        if "sum(frames.n)" in statement and not failed:
            failed.append(statement)
            raise sa.exc.OperationalError(statement, {}, Exception("server closed the connection"))

    sa.event.listen(bench.store, "before_cursor_execute", fail_once)
    for i in range(4):
        bench.send(ts=T0 + i, x=float(i), y=float(i))
    bench.ticks(3.0)
    assert failed
    assert len(bench.stored()) == 4
    assert bench.broker.acknowledged == [1, 2, 3, 4]


def test_an_alarm_whose_commit_failed_is_raised_by_the_next_tick(tmp_path, monkeypatch):
    """A disk that is full fails at the commit; the desk has not moved on then."""
    monkeypatch.setattr(clock.time, "monotonic", lambda: 0.0)
    bench = Bench(tmp_path, silent_s=5)
    monkeypatch.setattr(clock.time, "monotonic", lambda: bench.now)
    bench.send(ts=T0, x=1.0, y=2.0)
    bench.ticks(4)
    assert len(bench.stored()) == 1
    failed = []

    def full(_connection):
        failed.append(1)
        raise sa.exc.OperationalError("COMMIT", {}, Exception("disk is full"))

    sa.event.listen(bench.store, "commit", full)
    bench.ticks(10)
    sa.event.remove(bench.store, "commit", full)
    bench.ticks(1)
    with bench.store.connect() as connection:
        found = [one for one in alarm_store.open_ones(connection) if one.device]
    bench.store.dispose()
    assert failed
    assert [(one.device, one.kind, one.life) for one in found] == [
        ("m", "silent", "unacknowledged")
    ]
