"""What this process holds in the store: its name among detectors, and perhaps the store's upkeep.

Of one name one detector runs; a second one waits. One detector of a store keeps it (housekeeping,
notifications, what belongs to no device), and when that one ends another does. In SQLite both are
of the one detector that writes.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from detector.errors import DetectorHeldError, StoreError, WaitEndedError
from detector.records import Command, DetectorHealth
from detector.store import commands, devices
from detector.store.connecting import damaged, is_damage, reason_of
from detector.store.schema import Connection, Engine, StoreFailure
from detector.store.told import detectors
from detector.store.versions import VERSION, version_of

logger = logging.getLogger(__name__)

RENEW_S = 1.0  # between renewals
TRY_AGAIN_S = 0.2
TELL_S = 300.0  # between lines of one that waits


class Lease:
    """This process's claim on a store.

    Args:
        store: Open.
        name: Of the detector; empty: the store is to be kept and no device heard.

    Attributes:
        owner: Host and process id.
        left_at: When the detector before renewed it last, where that one ended without giving it
            back; None where it did.
        keeps: Whether this process keeps the store.
    """

    def __init__(self, store: Engine, name: str = "") -> None:
        self.owner, self.name = f"{socket.gethostname()}:{os.getpid()}", name
        self.left_at: float | None = None
        self.keeps = False
        self._store = store
        self._is_known = False  # under its name
        self._named, self._kept = _Seen(), _Seen()
        self._due = 0.0

    def take(self, stop: threading.Event | None = None) -> bool:
        """Take the lease; one left by a killed detector is free after a few seconds.

        In a store of an older version, which has no names, it is that of the one detector; taken
        once more after the migration, it is of the name too.

        Args:
            stop: Ends the waiting for another detector of the same name.

        Returns:
            Whether it was one that was left.

        Raises:
            WaitEndedError: If it was told to stop.
            StoreError: If another detector goes on writing, or the store is damaged.
        """
        stop = stop or threading.Event()
        deadline, tell_at = _deadline(), 0.0
        while not stop.is_set():
            try:
                return self._try()
            except (StoreError, StoreFailure) as error:
                if is_damage(reason_of(error)):
                    raise damaged(self._store.url, reason_of(error)) from None
                if isinstance(error, DetectorHeldError):
                    deadline = _deadline()
                elif time.monotonic() > deadline:
                    raise _as_line(error) from None
                if time.monotonic() >= tell_at:
                    logger.info("waiting: %s", _as_line(error))
                    tell_at = time.monotonic() + TELL_S
            stop.wait(TRY_AGAIN_S)
        raise WaitEndedError("store: told to end while another detector runs")

    def renew(self, connection: Connection, health: DetectorHealth) -> None:
        """Say that this process lives.

        Args:
            connection: Inside a transaction; the caller commits.
            health: Its word.

        Raises:
            StoreError: If another process has the name now, or the whole SQLite store.
        """
        if self._is_known:
            detectors.renew(connection, self.name, health)
            if not self.keeps:
                return
        try:
            devices.renew_lease(connection, health)
        except StoreError:
            if not self._is_known or _is_alone(connection):
                raise
            self.keeps = False
            logger.warning("store: another detector keeps it now")

    def seek(self) -> None:
        """Keep the store from now on, where nobody does; never waits."""
        if self.keeps or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + RENEW_S
        try:
            with self._store.begin() as connection:
                self._keep_store(connection)
        except (StoreError, StoreFailure):  # another one does; commits meet a store that is away
            return
        self.keeps = True
        logger.info("store: kept by this detector from now on")

    def pending(self, connection: Connection) -> list[Command]:
        """Commands that wait for this detector."""
        return commands.pending(connection, self.name, keeps=self.keeps)

    @contextmanager
    def kept_by(self, health: Callable[[], DetectorHealth]) -> Iterator[None]:
        """Renew it from a thread of its own while the block takes its time."""
        done = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(health, done), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def release(self) -> None:
        """Give it back, so that the page shows the detector as stopped at once."""
        try:
            with self._store.begin() as connection:
                if self._is_known:
                    detectors.release(connection, self.name, self.owner)
                devices.release_lease(connection, self.owner)
        except StoreFailure as error:  # free by its age in a few seconds
            logger.warning("%s", _as_line(error))

    def _try(self) -> bool:
        with self._store.begin() as connection:
            has_names = bool(self.name) and (version_of(connection) or VERSION) >= VERSION
            left = [self._take_name(connection)] if has_names else []
            kept, keeps = self.keeps, True
            try:
                left.append(None if kept else self._keep_store(connection))
            except StoreError as error:
                keeps = False
                if not has_names:
                    raise
                if _is_alone(connection):
                    raise StoreError(f"{error} in SQLite, several in PostgreSQL") from None
        self._is_known, self.keeps = has_names, keeps
        found = [at for at in left if at is not None]
        self.left_at = max(found, default=None)
        return bool(found)

    def _take_name(self, connection: Connection) -> float | None:
        """Take it, with what is this detector's; returns when one that left it lived last."""
        held = detectors.one(connection, self.name)
        still = self._named.still(held)
        detectors.take(connection, self.name, self.owner, time.time(), still)
        devices.claim_left(connection, self.name, of_others=_is_alone(connection))
        return None if held is None else held.renewed_at

    def _keep_store(self, connection: Connection) -> float | None:
        held = devices.health(connection)
        is_left = devices.take_lease(connection, self.owner, time.time(), self._kept.still(held))
        return held.renewed_at if held is not None and is_left else None

    def _keep(self, health: Callable[[], DetectorHealth], done: threading.Event) -> None:
        while True:
            try:
                with self._store.begin() as connection:
                    self.renew(connection, health())
            except (StoreError, StoreFailure) as error:  # the next tick meets it again
                logger.warning("%s", _as_line(error))
            if done.wait(RENEW_S):
                return


class _Seen:
    """Whether a lease stays as it is, by a clock that nobody sets back."""

    def __init__(self) -> None:
        self._seen: DetectorHealth | None = None
        self._since = time.monotonic()

    def still(self, held: DetectorHealth | None) -> DetectorHealth | None:
        """The lease, where nobody has renewed it for long enough; else None."""
        if held != self._seen:
            self._seen, self._since = held, time.monotonic()
        return held if time.monotonic() - self._since >= devices.LEASE_S else None


def _deadline() -> float:
    """For a store that has trouble, and another detector that may have been killed."""
    return time.monotonic() + devices.LEASE_S + 1.0


def _is_alone(connection: Connection) -> bool:
    """Whether one detector alone may write."""
    return connection.dialect.name == "sqlite"


def _as_line(error: StoreError | StoreFailure) -> StoreError:
    if isinstance(error, StoreError):
        return error
    return StoreError(f"store: cannot be written ({reason_of(error)})")
