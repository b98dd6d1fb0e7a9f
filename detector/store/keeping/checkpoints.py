"""What is committed to an SQLite store moves from its log into its file, beside who commits.

SQLite does that by itself at the end of a commit, every thousand pages, and waits for the disk
twice meanwhile: the scoring would wait with it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import sqlalchemy as sa

from detector.store.connecting import reason_of
from detector.store.schema import Engine, StoreFailure
from detector.store.writing import patient_for

logger = logging.getLogger(__name__)

OFTEN_S, SELDOM_S = 1.0, 10.0  # between two
FEW = 1000  # pages that are worth one
LONG = 2000  # pages of a log that is begun anew
TRIES, BETWEEN_S = 3, 0.005  # at a moment in which nobody writes or reads
PASSIVE, RESTART = "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(RESTART)"


class Checkpoints:
    """A thread that makes them, the more often the more is written.

    Args:
        store: Open; nothing happens where it is no SQLite.
    """

    def __init__(self, store: Engine) -> None:
        self._store = store
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
        self._is_failing = False

    def start(self) -> None:
        """Begin."""
        if self._store.dialect.name == "sqlite":
            self._thread.start()

    def stop(self) -> None:
        """End after the one it is at."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def make(self) -> int:
        """Make one; returns how many pages the log had.

        It takes no lock that a writer needs. Where somebody reads an older state the rest waits.
        """
        if self._store.dialect.name != "sqlite":
            return 0
        with self._store.connect() as connection:
            _, pages, _ = connection.exec_driver_sql(PASSIVE).one()
        return int(pages)

    def _work(self) -> None:
        rest_s = OFTEN_S
        while not self._over.wait(rest_s):
            try:
                is_worth_it = self.make() >= FEW
                self._is_failing = False
            except StoreFailure as error:  # the log grows, and a commit tries it too
                is_worth_it = False
                self._tell(error)
            rest_s = OFTEN_S if is_worth_it else min(2 * rest_s, SELDOM_S)

    def _tell(self, error: StoreFailure) -> None:
        if not self._is_failing:
            logger.warning("store: its log grows: %s; tried again", reason_of(error))
        self._is_failing = True


def begin_anew(store: Engine) -> None:
    """Let the log be written from its beginning again where it is long.

    It is so by itself when all is moved and no one reads for a moment; beside sustained writing
    that may never be. What has come since all else was moved is little, and moved with the lock
    held. SQLite would hold it as well while it waits for whoever reads, so it is not let wait, but
    asked again. The file stays as long as it is: to cut it off takes longer, and it grows again.

    Args:
        store: Open; nothing happens where it is no SQLite.
    """
    if store.dialect.name != "sqlite":
        return
    with store.connect() as connection, patient_for(connection, 0):
        _, pages, _ = connection.exec_driver_sql(PASSIVE).one()
        if pages <= LONG:
            return
        for _ in range(TRIES):
            connection.exec_driver_sql(PASSIVE)
            is_busy, _, _ = connection.exec_driver_sql(RESTART).one()
            if not is_busy:
                return
            time.sleep(BETWEEN_S)


def leave_to_others(store: Engine) -> None:
    """Let commits of this engine make none, however long nobody else does.

    Nor after somebody has read for long: the commit that came first would move all that waited.

    Args:
        store: Open; connections that it has made are given up.
    """
    if store.dialect.name == "sqlite":
        sa.event.listen(store, "connect", _leave)
        store.dispose()


def _leave(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own type
    connection.execute("PRAGMA wal_autocheckpoint=0")
