"""Counts committed frames into rollups beside the scoring, which never waits for it."""

from __future__ import annotations

import logging
import threading
import time

from detector.ingest.guard import Guard
from detector.settings.store import StoreSettings
from detector.store.history import rolling, rollups
from detector.store.schema import Engine

logger = logging.getLogger(__name__)

EVERY_S = 10.0  # between looks; what came since is summed up by whoever asks
PAUSE_S = 0.02  # after a transaction of a backlog: the scoring thread writes to the same store
RETENTION_S = 3600.0
BACKLOG = 5000  # frames beyond which it is told how far it is
TELL_S = 30.0
DAY_S = 86_400.0


class RollupWriter:
    """A thread that keeps the rollups of all devices up to date, and lets old ones go.

    An older store, whose frames were never counted, gets its rollups by the same way.

    Args:
        store: Open; this process holds its lease.
        settings: Ages of the rollups.
    """

    def __init__(self, store: Engine, settings: StoreSettings) -> None:
        self._store, self._settings = store, settings
        self._stop = threading.Event()
        self._guard = Guard()
        self._thread = threading.Thread(target=self._work, name="rollups", daemon=True)
        self._retention_due = 0.0
        self._tell_due = 0.0

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction it is in; the next start goes on from there."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def roll_all(self) -> None:
        """Count all that waits."""
        with self._store.connect() as connection:
            names = list(rolling.stored_devices(connection))
            waiting = {name: rolling.waiting(connection, name) for name in names}
        total, done = sum(waiting.values()), 0
        for name in names:
            while (counted := rolling.roll(self._store, name)) and not self._stop.is_set():
                done += counted
                self._tell(done, total)
                if counted == rolling.AT_ONCE:
                    self._stop.wait(PAUSE_S)
        if total > BACKLOG and not self._stop.is_set():
            logger.info("rollups: all %d frames counted", done)

    def delete_old(self, now: float) -> None:
        """Delete blocks beyond the age of their width, a few in each transaction."""
        for width_s, days in self._settings.rollup_days.items():
            before = now - days * DAY_S
            while not self._stop.is_set():
                with self._store.begin() as connection:
                    if not rollups.delete_before(connection, width_s, before):
                        break

    def _work(self) -> None:
        look = self._guard.over(self._look)
        while not self._stop.is_set():
            look()
            self._stop.wait(EVERY_S)

    def _look(self) -> None:
        self.roll_all()
        if time.monotonic() >= self._retention_due:
            self._retention_due = time.monotonic() + RETENTION_S
            self.delete_old(time.time())

    def _tell(self, done: int, total: int) -> None:
        if total > BACKLOG and time.monotonic() >= self._tell_due:
            self._tell_due = time.monotonic() + TELL_S
            logger.info("rollups: %d of %d frames counted", done, total)
