"""The lease in the store that keeps a second detector from writing the same devices."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from detector.errors import StoreError
from detector.records import DetectorHealth
from detector.store import devices
from detector.store.connecting import damaged, is_damage, reason_of
from detector.store.schema import Engine, StoreFailure

logger = logging.getLogger(__name__)

RENEW_S = 1.0  # between renewals
TRY_AGAIN_S = 0.2


class Lease:
    """This process's claim on a store.

    Args:
        store: Open.

    Attributes:
        owner: Host and process id.
        left_at: When the detector before renewed it last, where that one ended without giving it
            back; None where it did.
    """

    def __init__(self, store: Engine) -> None:
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self.left_at: float | None = None
        self._store = store

    def take(self) -> bool:
        """Take the lease; one left by a killed detector is free after a few seconds.

        Returns:
            Whether it was one that was left.

        Raises:
            StoreError: If another detector goes on renewing it, or the store is damaged.
        """
        deadline = time.monotonic() + devices.LEASE_S + 1.0
        is_told, seen = False, _Seen()
        while True:
            try:
                with self._store.begin() as connection:
                    left = devices.health(connection)
                    still = seen.still(left)
                    is_left = devices.take_lease(connection, self.owner, time.time(), still)
                    self.left_at = left.renewed_at if left is not None and is_left else None
                    return is_left
            except (StoreError, StoreFailure) as error:
                if is_damage(reason_of(error)):
                    raise damaged(self._store.url, reason_of(error)) from None
                if time.monotonic() > deadline:
                    raise _as_line(error) from None
                if not is_told:
                    logger.info("waiting: %s", _as_line(error))
                is_told = True
                time.sleep(TRY_AGAIN_S)

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
                devices.release_lease(connection, self.owner)
        except StoreFailure as error:  # free by its age in a few seconds
            logger.warning("%s", _as_line(error))

    def _keep(self, health: Callable[[], DetectorHealth], done: threading.Event) -> None:
        while True:
            try:
                with self._store.begin() as connection:
                    devices.renew_lease(connection, health())
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


def _as_line(error: StoreError | StoreFailure) -> StoreError:
    if isinstance(error, StoreError):
        return error
    return StoreError(f"store: cannot be written ({reason_of(error)})")
