"""One tick after the other: buffer to scores to store to broker.

Order within a tick: score, commit frames, alarms and device states in one transaction, and only
then acknowledge the messages and publish. A crash in between is made good by the broker, which
sends again what was not acknowledged, and by the store, which ignores what it already has.
"""

from __future__ import annotations

import time
from collections.abc import Container, Sequence

from detector.alarms import ahead
from detector.alarms.desk import open_desk
from detector.alarms.sensing.report import report, sensors_of
from detector.alarms.watch import Watch
from detector.alignment.aligner import Aligner
from detector.engines.parts import Parts
from detector.errors import StoreError
from detector.flights.ring import Waveforms
from detector.ingest.buffer import SharedBuffer, TakenBlock
from detector.ingest.mqtt import Subscriber, in_flight
from detector.records import DetectorHealth, DeviceStatus
from detector.reloading.renewal import Renewal
from detector.service.clock import Due
from detector.service.figures import PipelineFigures
from detector.service.intake import Intake, kind_of, tell
from detector.service.inventory import InventoryWriter
from detector.service.lease import RENEW_S, Lease
from detector.service.newcomers import Newcomers
from detector.service.operator_commands import Operated
from detector.service.overload import Overload
from detector.service.publishing import Publisher
from detector.service.sharing.claims import Claims
from detector.service.status import StatusBoard, card_of, normals
from detector.service.waveforms.hearing import hear
from detector.settings.tree import Settings
from detector.store import births, commands, commissionings, devices, frames
from detector.store.archive.past import Past
from detector.store.archive.place import place_at
from detector.store.places import archive_place
from detector.store.schema import Connection, Engine, StoreFailure
from detector.store.upkeep.reserve import Reserve
from detector.store.writing import writing
from detector.workers.choice import engine_for

COMMANDS_S = 0.25  # between looks for operator commands
TICK_SAMPLES = 10_000  # a backlog takes many ticks, between which the lease is renewed
REST_S = 5.0  # without a moment at which all is committed, and newcomers get one
DRAIN_S = 20.0  # at the end, for what no broker sends again
UNSAVED_FRAMES = 5000  # beyond it nothing is taken until the store can be written again


class Pipeline:
    """All that the scoring thread does.

    Args:
        settings: The whole tree.
        store: Open; this process holds its lease.
        buffer: What the network thread fills.
        subscriber: Acknowledges and publishes.
        lease: Renewed every second.
        manual: See ``Newcomers``.
        waveforms: Where raw waveforms are kept; None: nowhere.

    Attributes:
        engine: Scores; whoever ends the work closes it.
        renewal: Takes up what changes while it runs, between two ticks.
    """

    def __init__(
        self,
        settings: Settings,
        store: Engine,
        buffer: SharedBuffer,
        subscriber: Subscriber,
        lease: Lease,
        manual: Container[str] = (),
        waveforms: Waveforms | None = None,
    ) -> None:
        self._settings, self._store, self._lease = settings, store, lease
        self._buffer, self._subscriber = buffer, subscriber
        self._publisher = Publisher(subscriber, store, settings.mqtt, lease.name)
        self._inventory = InventoryWriter(store, subscriber.unused, lease.name)
        past = Past(store, place_at(archive_place(store, settings.store.archive)))
        with store.begin() as connection:
            self.engine = engine_for(settings, past.newest_session, commands.thresholds(connection))
            self.engine.owns = commissionings.every(connection)
            self._desk = open_desk(settings, connection, name=lease.name)
            apart = devices.of_others(connection, lease.name)
            self._watch = Watch(self._desk, devices.heard_by(connection).keys() - apart)
            self._watch.say_how_it_ended(connection, lease.left_at, time.time())
            self._sensors = sensors_of(connection, normals(self.engine), past.newest_session, apart)
            self._aligner = Aligner(self.engine.alignment_of, past.newest_live, past.spans)
        self._newcomers = self.engine.learnt = Newcomers(settings, store, manual)
        self._desk.keep()
        self._waveforms = waveforms
        self._operated = Operated(self.engine, self._newcomers, self._desk, waveforms,
                                  settings.mqtt.simulators, lease.pending)  # fmt: skip
        self._board = StatusBoard(self.engine, self._desk, buffer.counters,
                                  self._aligner.counters, subscriber.clocks)  # fmt: skip
        claims = Claims(store, lease.name, self._desk, self._watch, self._sensors, self.engine,
                        self._board.latest, self._publisher.look_again)  # fmt: skip
        self._intake = Intake(buffer, subscriber, self._aligner, self._sensors, self.engine,
                              in_flight(settings.mqtt), claims.ours)  # fmt: skip
        self._parts = Parts(TICK_SAMPLES)
        self._overload = Overload(lambda: buffer.fullness)
        self._due = Due()
        self._unsaved, self._reserve = self._intake.unsaved, Reserve(store)
        self._changed, self._commissioned = set[str](), set[str]()  # the second until all is stored
        self.renewal = Renewal(store, self.engine, self._desk, self._aligner,
                               self._board.latest, self._changed)  # fmt: skip
        self._faults, self._began = 0, time.monotonic()  # the last tick
        self._lag_s: float | None = None
        self._committed_at: float | None = None

    def figures(self) -> PipelineFigures:
        """How it stands; for any thread, so it looks at whole copies only."""
        crew = self.engine.crew()
        return PipelineFigures(
            statuses=list(self._board.latest.values()),
            active_alarms=self._desk.active_count,
            unscored_samples=crew.waiting_samples + self._unsaved.unscored_samples,
            unsaved_frames=len(self._unsaved.frames),
            faults=self._faults,
            thinned=self._overload.factor,
            lag_s=self._lag_s,
            committed_at=self._committed_at,
            crew=crew,
        )

    def wait_for_work(self) -> None:
        """Wait for the next tick, or less when there is reason to commit early."""
        if self._unsaved.blocks or self._unsaved.taken:
            return
        left_s = max(self._began + self._settings.detector.tick_ms / 1000 - time.monotonic(), 0.0)
        with self._overload.waiting():
            self._buffer.wait(left_s, self._subscriber.commit_after)

    def guarded_tick(self) -> None:
        """One guard for the scoring thread: a fault is logged and counted, the next tick runs."""
        began = self._began = time.monotonic()
        try:
            self.tick()
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 -- the guard of this thread
            self._faults += 1
            if self._due.is_now(kind_of(error), 10.0):
                tell(error, len(self._unsaved.frames))
        self._parts.took(time.monotonic() - began)
        self.engine.thin(self._overload.look(self.engine.scoring_s, self.engine.crew().loads))

    def tick(self) -> None:
        """Score what arrived, commit it, then acknowledge and publish.

        Of a backlog only a part; the messages are acknowledged once all of it is committed.
        """
        unsaved = self._unsaved
        if self.is_committed:
            self._newcomers.tick(self.engine)
        elif self._newcomers.is_at_work and self._due.is_now("rest", REST_S):
            self.engine.settle()
        if len(unsaved.frames) < UNSAVED_FRAMES:
            part: list[TakenBlock] = []
            if self.engine.has_room:
                if not unsaved.blocks:
                    self._intake.take()
                part = self._parts.next(unsaved.blocks)
            self._score(part)
        if not self._commit():
            return
        unsaved.done()
        self.engine.committed()
        self._sensors.forget(self._commissioned)
        if self.is_committed:
            self.renewal.renew_all(self._commissioned)
        elif self._commissioned:
            self.engine.settle()
        self._intake.acknowledge()
        self._publish()
        self._inventory.write()

    def _score(self, part: Sequence[TakenBlock]) -> None:
        """Give blocks to the engine, and take what is ready, of these or of earlier ones."""
        unsaved = self._unsaved
        try:
            self.engine.begin(part)  # asks the store
            self._sensors.begin(part)  # likewise
        except StoreFailure:
            unsaved.blocks.extendleft(reversed(part))  # nothing has happened
            raise
        self._intake.hold(part)
        patience_s = 0.0 if self._intake.is_pressed else self._settings.detector.tick_ms / 1000
        done = self.engine.give(part, unsaved.lot, patience_s)
        self._faults += done.faults
        self._sensors.look(done.blocks)
        hear(self._waveforms, done.blocks, self.engine.bundle_of)
        unsaved.frames += [(f, card_of(self.engine, f)) for f in done.frames]
        self._newcomers.look(self.engine, done.frames)  # asks the store too: nothing is lost then

    @property
    def is_committed(self) -> bool:
        """Whether all that was scored so far is in the store."""
        return not self._unsaved.frames and self.engine.oldest_lot is None

    @property
    def settings(self) -> Settings:
        """Those it goes by now."""
        return self._settings

    def follow(self, settings: Settings) -> None:
        """Go by other settings from the next tick on; ``renewal`` tells the other parts."""
        self._settings = settings
        self._newcomers.follow(settings, self.engine.devices)

    def drain(self) -> None:
        """Before the end: what waits for its turn, unless the broker will send it again."""
        self._newcomers.close()
        if self._unsaved.receipts:
            return
        self._intake.release_all()
        faults, ends = self._faults, time.monotonic() + DRAIN_S
        while self._faults == faults and (self._unsaved.blocks or not self.is_committed):
            self.guarded_tick()
            if time.monotonic() > ends:
                break

    def _commit(self) -> bool:
        """All that was scored, or of a store without room the alarms; returns whether all."""
        is_due = not self._reserve.is_full or self._due.is_now("room", RENEW_S)
        if not is_due or not self._reserve.has_room():
            self._commit_alarms()
            return False
        try:
            self._commit_all()
        except StoreFailure as error:
            if self._reserve.met(error):
                self._due.again("lease", "commands")  # they came to nothing
                self._commit_alarms()
            raise
        self._reserve.committed()
        return True

    def _commit_all(self) -> None:
        pairs = self._unsaved.frames
        with writing(self._store) if pairs else self._store.begin() as connection:
            frames.write(connection, [frame for frame, _ in pairs])
            births.write(connection, self._unsaved.births)
            devices.update(connection, self._judge(connection), self._lease.name)
            if self._unsaved.judged:
                ahead.forget(connection, {frame.device for frame, _ in pairs})
        self._changed |= self._desk.keep() | {frame.device for frame, _ in pairs}
        self._committed_at = time.time()
        if pairs:
            self._lag_s = self._committed_at - min(frame.arrival for frame, _ in pairs)

    def _commit_alarms(self) -> None:
        """What must not wait for a disk with room: it is small, and what it needs is set aside."""
        unsaved = self._unsaved
        with writing(self._store) as connection:
            self._judge(connection)
            ahead.note(connection, unsaved.unjudged)
        self._changed |= self._desk.keep() | {frame.device for frame, _ in unsaved.unjudged}
        unsaved.judged = len(unsaved.frames)
        self._publish()

    def _judge(self, connection: Connection) -> list[DeviceStatus]:
        """What newly scored frames and operators' commands lead to; returns devices' states."""
        pairs = self._unsaved.unjudged
        self._desk.update(connection, [(f, card) for f, card in pairs if card is not None])
        self._watch.look(connection, pairs, listening_s=self._intake.clock.now, now=time.time(),
                         thinned=self._overload.factor,
                         is_full=self._reserve.is_full)  # fmt: skip
        report(connection, self._desk, self._sensors)
        if self._due.is_now("commands", COMMANDS_S):
            applied = self._operated.apply_pending(connection)
            self._changed |= {command.device for command in applied}
            self._commissioned |= {c.device for c in applied if c.kind == commands.COMMISSION}
        if self._due.is_now("lease", RENEW_S):
            self._lease.renew(connection, self._health())
        return self._board.note(self._unsaved.frames)

    def _publish(self) -> None:
        """Alarm transitions at once, states once a second; only after the commit."""
        self._changed |= self._publisher.alarms()
        if self._due.is_now("states", RENEW_S):
            if self._publisher.must_repeat():
                self._changed |= set(self._board.latest)
            known = self._changed & set(self._board.latest)
            self._publisher.states([self._board.latest[device] for device in known], self._desk)
            self._changed.clear()

    def _health(self) -> DetectorHealth:
        counters = {**self._buffer.totals(), **self._subscriber.counters()}
        counters |= {"scoring_faults": self._faults, "thinned": self._overload.factor,
                     "disk_full": int(self._reserve.is_full), "flood": self._desk.telling.flood,
                     **self.engine.crew().counters}  # fmt: skip
        shown = self._subscriber.connection.shown
        return DetectorHealth(self._lease.owner, time.time(), shown, counters)
