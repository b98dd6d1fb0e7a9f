"""A lease that somebody else goes on renewing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from detector.records import DetectorHealth
from detector.store import devices
from detector.store.schema import Engine

EVERY_S = 0.05


@contextmanager
def renewed(store: Engine, owner: str) -> Iterator[None]:
    """Held by ``owner`` for the block."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(EVERY_S):
            with store.begin() as connection:
                word = DetectorHealth(owner, time.time(), "connected", {})
                devices.renew_lease(connection, word)

    with store.begin() as connection:
        devices.take_lease(connection, owner, time.time())
    thread = threading.Thread(target=renew)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
