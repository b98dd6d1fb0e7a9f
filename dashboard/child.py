"""The detector as a child of the dashboard, so that one command is enough."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from contextlib import suppress

from dashboard import context
from dashboard.detector_command import command
from detector.store import devices
from detector.store.schema import open_store

logger = logging.getLogger(__name__)

COMMAND = tuple(command("serve"))
STOP_S = 10.0
WATCH_S = 0.5


def is_detector_alive() -> bool:
    """Whether a detector has renewed its lease lately.

    Raises:
        FaultlineError: If the settings are refused or the store cannot be opened.
    """
    store = open_store(context.settings().store.url, may_be_older=True)  # a detector migrates it
    try:
        with store.connect() as connection:
            return devices.is_alive(connection)
    finally:
        store.dispose()


class DetectorChild:
    """Starts a detector, notices its end and stops it with the dashboard."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start it with this process's environment."""
        self._process = subprocess.Popen(COMMAND)
        logger.info("no detector was alive, started one (pid %d)", self._process.pid)
        self._watch = asyncio.create_task(self._watch_over(self._process))

    async def stop(self) -> None:
        """Ask it to end and wait; after ``STOP_S`` it is killed."""
        if self._process is None or self._watch is None:
            return
        self._watch.cancel()
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, STOP_S)
        except subprocess.TimeoutExpired:
            logger.warning("the detector did not end within %g s, killed", STOP_S)
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        logger.info("detector stopped")

    async def _watch_over(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            await asyncio.sleep(WATCH_S)
        logger.error("the detector ended by itself with exit code %s", process.returncode)
