"""Which devices are this detector's: each belongs to one, and its alarms with it.

Two detectors that hear the same device would store it twice and alarm twice. The first one has it;
once that one has ended, or has not heard the device for a while, another one takes it over with
all that the store knows of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from detector.alarms.desk import AlarmDesk, open_desk
from detector.alarms.watch import Watch
from detector.engines.contract import ScoringEngine
from detector.folding import Folding
from detector.ingest.buffer import TakenBlock
from detector.records import DeviceStatus
from detector.sensors.devices import Sensors
from detector.store import commands, commissionings, devices
from detector.store.schema import Connection, Engine
from detector.store.told import detectors

logger = logging.getLogger(__name__)

LOST_S = 5.0  # between looks whether another one has taken a device over
SILENT_S = devices.LEASE_S  # without a newer sample a device may be taken over
TELL_S = 300.0


class Claims:
    """For the scoring thread.

    Args:
        store: Open.
        name: Of this detector.
        desk: Has the alarms of its devices.
        watch: Expects them to send.
        sensors: Hear them.
        engine: Scores them.
        latest: What is told of each; those of others are taken out.
        taken: Called once some are taken over, with what nobody has published of their alarms.
    """

    def __init__(
        self, store: Engine, name: str, desk: AlarmDesk, watch: Watch, sensors: Sensors,
        engine: ScoringEngine, latest: dict[str, DeviceStatus], taken: Callable[[], object],
    ) -> None:  # fmt: skip
        self._store, self._name, self._desk = store, name, desk
        self._watch, self._sensors, self._engine = watch, sensors, engine
        self._latest, self._taken = latest, taken
        self._is_shared = bool(name) and store.dialect.name != "sqlite"
        self._ours: set[str] = set()
        self._seen: dict[str, tuple[float, float]] = {}  # newest arrival there, and since when
        self._lost_at = 0.0
        self._told = Folding(1, TELL_S)

    def ours(self, taken: Iterable[TakenBlock]) -> list[TakenBlock]:
        """Those of devices that are this detector's; asks the store, whatever it needs.

        Raises:
            StoreFailure: If it cannot be asked; nothing has happened then.
        """
        blocks = list(taken)
        if not self._is_shared:
            return blocks
        now = time.monotonic()
        if now >= self._lost_at:
            self._lost_at = now + LOST_S
            self._give_up()
        new = {block.device for block in blocks} - self._ours
        if new:
            self._ask_for(new, now)
        return [block for block in blocks if block.device in self._ours]

    def _ask_for(self, new: set[str], now: float) -> None:
        with self._store.begin() as connection:
            known = devices.heard_by(connection, new)
            others = {name for name, _ in known.values()} - {self._name, ""}
            there = {one.name for one in detectors.every(connection)} if others else set()
            kept = {device for device, (name, at) in known.items()
                    if name in others & there and not self._is_silent(device, at, now)}  # fmt: skip
            taken = {device for device in known.keys() - kept if known[device][0] != self._name}
            for device in sorted(taken):
                devices.claim(connection, device, self._name)
                self._recall(connection, device)
            desk = open_desk(self._desk.settings, connection, name=self._name) if taken else None
        if desk is not None:
            self._desk.become(desk)
            self._taken()
        for device in sorted(taken):
            logger.info("%s: taken over from %s", device, known[device][0] or "nobody")
        for device in sorted(kept):
            if (more := self._told.tail(device)) is not None:
                logger.warning("%s: heard by %s too, which has it; its samples are left to that "
                               "detector%s", device, known[device][0], more)  # fmt: skip
        self._ours |= new - kept

    def _is_silent(self, device: str, arrival: float, now: float) -> bool:
        """Whether nobody has stored of a device for a while, by a clock that is never set."""
        before, since = self._seen.get(device, (None, now))
        if arrival != before:
            self._seen[device] = arrival, now
            return False
        return now - since >= SILENT_S

    def _recall(self, connection: Connection, device: str) -> None:
        """What operators said of a device while it was another detector's."""
        self._engine.set_threshold(device, commands.thresholds(connection).get(device))
        found = commissionings.in_force(connection, device)
        if found is not None:
            self._engine.owns[device] = found.own

    def _give_up(self) -> None:
        """Devices that another detector has taken over."""
        with self._store.connect() as connection:
            lost = devices.of_others(connection, self._name) & self._ours
            if not lost:
                return
            self._desk.become(open_desk(self._desk.settings, connection, name=self._name))
        self._ours -= lost
        self._watch.forget(lost)
        self._sensors.drop(lost)
        for device in lost:
            self._latest.pop(device, None)
        for device in sorted(lost):
            logger.info("%s: another detector has taken it over", device)
