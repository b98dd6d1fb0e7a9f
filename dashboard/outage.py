"""Whether the store is away: told in the log once when it goes and once when it is back."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from dashboard import context
from detector.errors import FaultlineError
from detector.store import devices
from detector.store.schema import StoreFailure

logger = logging.getLogger(__name__)

LOOK_S = 1.0  # between two tries while it is away


class Outage:
    """Whatever meets a store that is away says so here, in any thread; nobody else logs it.

    Args:
        read: Reads something of the store; raises ``FaultlineError`` or ``StoreFailure``.
    """

    def __init__(self, read: Callable[[], object]) -> None:
        self._read = read
        self._changing = threading.Lock()
        self._since: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether the store was away when it was read last."""
        return self._since is not None

    def begin(self, line: str) -> None:
        """Note that the store is away; only the first line of an outage is told."""
        with self._changing:
            if self._since is not None:
                return
            self._since = time.monotonic()
        logger.error("away: %s", line)

    def look(self) -> None:
        """Read the store, and note that it is back where it is."""
        try:
            self._read()
        except (FaultlineError, StoreFailure):
            return
        with self._changing:
            since, self._since = self._since, None
        if since is not None:
            logger.info("the store is back after %.0f s", time.monotonic() - since)

    async def watch(self) -> None:
        """Look again and again while the store is away, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self.is_on:
                await asyncio.to_thread(self.look)


def _read() -> None:
    with context.engine().connect() as connection:
        devices.newest_arrival(connection)


outage = Outage(_read)
