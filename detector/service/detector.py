"""The running detector: buffer to scores to store to broker, one tick after the other.

Order within a tick: score, commit frames, alarms and device states in one transaction, and only
then acknowledge the messages and publish. A crash in between is made good by the broker, which
sends again what was not acknowledged, and by the store, which ignores what it already has.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from detector.alarms.desk import AlarmDesk
from detector.alarms.notify import alarm_message, state_message
from detector.errors import StoreError
from detector.ingest.buffer import Receipt, SharedBuffer, TakenBlock
from detector.ingest.mqtt import Subscriber
from detector.records import Command, DetectorHealth, DeviceStatus, Frame, ModelCard
from detector.scoring.bundle import Bundle
from detector.scoring.fleet import Fleet
from detector.scoring.stream import DeviceStream
from detector.service.status import status_of
from detector.settings.tree import Settings
from detector.store import alarms, commands, devices, frames
from detector.store.schema import Connection, Engine, StoreFailure, open_store

logger = logging.getLogger(__name__)

RENEW_S = 1.0  # between renewals of the lease, and of the states on the broker
COMMANDS_S = 0.25  # between looks for operator commands
SENT_AGAIN_S = 10.0  # after the start, how long the broker may send stored samples again
CLEAN_UP_S = 3600.0
TICK_SAMPLES = 10_000  # about; a backlog takes many ticks, between which the lease is renewed
UNSAVED_FRAMES = 5000  # beyond it nothing is taken until the store can be written again
THRESHOLD_RANGE = (0.01, 1000.0)
PATIENCE_S = 2.0  # how long the network thread waits for a full buffer before samples are lost


@dataclass
class _Unsaved:
    """What was taken and is not committed yet."""

    blocks: deque[TakenBlock] = field(default_factory=deque)  # not scored yet
    frames: list[tuple[Frame, ModelCard | None]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)


class Detector:
    """Everything between the broker and the store.

    Args:
        settings: The whole tree.

    Raises:
        SettingsError: If the topic template cannot be used.
        StoreError: If the store cannot be opened or another detector writes to it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._store: Engine = open_store(settings.store.url)
        self._buffer = SharedBuffer(
            settings.buffer.samples_per_device, settings.buffer.max_devices, patience_s=PATIENCE_S
        )
        self._subscriber = Subscriber(settings.mqtt, self._buffer)
        self._due: dict[str, float] = {}
        self._take_lease()
        with self._store.begin() as connection:
            self._fleet = Fleet(settings, self._history, commands.thresholds(connection))
            self._desk = AlarmDesk(settings, alarms.active(connection))
        self._unsaved = _Unsaved()
        self._statuses: dict[str, DeviceStatus] = {}
        self._cards: dict[int, ModelCard] = {}
        self._changed: set[str] = set()
        self._faults = 0

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set, then commit what is there and say goodbye.

        Raises:
            StoreError: If another detector takes the store.
        """
        self._subscriber.start()
        started = time.monotonic()
        clocks_trusted = False
        try:
            while not stop.is_set():
                if not self._unsaved.blocks:
                    self._buffer.wait(
                        self._settings.detector.tick_ms / 1000, self._subscriber.commit_after
                    )
                self._guarded_tick()
                if not clocks_trusted and time.monotonic() - started > SENT_AGAIN_S:
                    clocks_trusted = True
                    self._fleet.trust_clocks()
            self._guarded_tick()
        finally:
            self._subscriber.stop()
            with self._store.begin() as connection:
                devices.release_lease(connection, self._owner)
            self._store.dispose()
            logger.info("detector stopped")

    def tick(self) -> None:
        """Score what arrived, commit it, then acknowledge and publish.

        Of a backlog only a part; the messages are acknowledged once all of it is committed.
        """
        unsaved = self._unsaved
        if len(unsaved.frames) < UNSAVED_FRAMES:
            if not unsaved.blocks:
                taken = self._buffer.take()
                unsaved.receipts += taken.receipts
                unsaved.blocks += taken.blocks
            part = _next_part(unsaved.blocks)
            unsaved.frames += [(f, self._card(f.device)) for f in self._fleet.score(part)]
        self._commit()
        unsaved.frames = []
        if not unsaved.blocks:
            self._subscriber.ack(unsaved.receipts)
            unsaved.receipts = []
        self._publish()

    def _guarded_tick(self) -> None:
        """One guard for the scoring thread: a fault is logged and counted, the next tick runs."""
        try:
            self.tick()
        except StoreError:
            raise
        except StoreFailure as error:
            self._faults += 1
            if self._is_due("store fault", 10.0):
                logger.error(  # noqa: TRY400 -- the cause is outside, a traceback says nothing
                    "store: cannot be written (%s), %d frames wait",
                    getattr(error, "orig", error),
                    len(self._unsaved.frames),
                )  # fmt: skip
        except Exception:
            self._faults += 1
            if self._is_due("fault", 10.0):
                logger.exception("scoring: a tick failed")

    def _commit(self) -> None:
        pairs = self._unsaved.frames
        with self._store.begin() as connection:
            frames.write(connection, [frame for frame, _ in pairs])
            scored = [(frame, card) for frame, card in pairs if card is not None]
            self._desk.update(connection, scored)
            if self._is_due("commands", COMMANDS_S):
                for command in commands.pending(connection):
                    self._apply(connection, command)
            if self._is_due("lease", RENEW_S):
                devices.renew_lease(connection, self._health())
            if self._is_due("clean-up", CLEAN_UP_S):
                kept_s = self._settings.store.retention_days * 86_400
                frames.delete_before(connection, time.time() - kept_s)
            self._desk.keep()
            devices.update(connection, self._new_statuses(pairs))

    def _new_statuses(self, pairs: list[tuple[Frame, ModelCard | None]]) -> list[DeviceStatus]:
        newest = {frame.device: (frame, card) for frame, card in pairs}
        received = self._buffer.counters() if newest else {}
        for device, (frame, card) in newest.items():
            self._statuses[device] = status_of(
                self._fleet.streams[device],
                frame,
                card,
                is_alarmed=self._desk.active(device) is not None,
                threshold=self._fleet.threshold_of(device),
                received=received.get(device, {}),
            )
        self._changed |= set(newest)
        return [self._statuses[device] for device in newest]

    def _publish(self) -> None:
        """Alarm transitions at once, states once a second; only after the commit."""
        prefix = self._settings.mqtt.topic_out
        with self._store.begin() as connection:
            waiting = alarms.unpublished(connection)
            sent = []
            for log_id, transition, ts, alarm in waiting:
                self._subscriber.publish(
                    f"{prefix}/{alarm.device}/alarm",
                    alarm_message(log_id, transition, ts, alarm),
                    qos=1,
                )
                sent.append(log_id)
                self._changed.add(alarm.device)
            alarms.mark_published(connection, sent)
        if not self._is_due("states", RENEW_S):
            return
        for device in self._changed & set(self._statuses):
            message = state_message(self._statuses[device], self._desk.active(device))
            self._subscriber.publish(f"{prefix}/{device}/state", message, retain=True)
        self._changed.clear()

    def _apply(self, connection: Connection, command: Command) -> None:
        """Apply one operator command; what was refused says why."""
        low, high = THRESHOLD_RANGE
        value = command.value.get("threshold")
        outcome = "applied"
        if command.kind != "threshold":
            outcome = f"refused: unknown command {command.kind}, allowed: threshold"
        elif not isinstance(value, int | float) or not low <= value <= high:
            outcome = f"refused: threshold {value!r}, allowed: {low:g} to {high:g}"
        else:
            self._fleet.set_threshold(command.device, float(value))
            self._note_threshold(connection, command.device, float(value))
        commands.mark_applied(connection, command.id, outcome)
        logger.info("%s: %s %s by %s: %s", command.device, command.kind, command.value,
                    command.who, outcome)  # fmt: skip

    def _note_threshold(self, connection: Connection, device: str, threshold: float) -> None:
        devices.set_threshold(connection, device, threshold)
        self._changed.add(device)

    def _card(self, device: str) -> ModelCard | None:
        stream = self._fleet.streams[device]
        if not isinstance(stream, DeviceStream):
            return None
        bundle: Bundle = stream.bundle
        return self._cards.setdefault(id(bundle), bundle.card())

    def _history(self, device: str, baseline: int, memory: int) -> tuple[list[Frame], list[Frame]]:
        with self._store.begin() as connection:
            return frames.newest_session(connection, device, baseline, memory)

    def _health(self) -> DetectorHealth:
        counters = {**self._buffer.totals(), **self._subscriber.counters()}
        counters["scoring_faults"] = self._faults
        connection = self._subscriber.connection
        state = connection.state.value
        shown = state if state == "connected" else connection.reason
        return DetectorHealth(self._owner, time.time(), shown, counters)

    def _take_lease(self) -> None:
        """Take the lease; one left by a killed detector is free after a few seconds."""
        deadline = time.monotonic() + devices.LEASE_S + 1.0
        while True:
            try:
                with self._store.begin() as connection:
                    devices.take_lease(connection, self._owner, time.time())
            except StoreError:
                if time.monotonic() > deadline:
                    raise
                if self._is_due("waiting", 60.0):
                    logger.info("store: waiting for the lease of an earlier detector to end")
                time.sleep(0.2)
            else:
                return

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every_s
        return True


def _next_part(blocks: deque[TakenBlock]) -> list[TakenBlock]:
    """Blocks from the left with about ``TICK_SAMPLES`` samples, at least one if there is one."""
    part: list[TakenBlock] = []
    count = 0
    while blocks and count < TICK_SAMPLES:
        part.append(blocks.popleft())
        count += len(part[-1].samples)
    return part
