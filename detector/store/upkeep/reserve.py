"""Room set aside beside an SQLite store, for what must be stored while its disk is full."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

from detector.store.connecting import file_of, reason_of
from detector.store.schema import Engine, StoreFailure

logger = logging.getLogger(__name__)

ENDING = "-reserve"
BYTES = 4 << 20  # some hours of alarms, the detector's own word renewed every second
SPARE = 4  # times as much must be free before so much is set aside
FULL = ("disk is full", "No space left on device")
FAILED = "disk I/O error"  # what SQLite says too, of some of its files
NOTHING = 1 << 16  # bytes free, that are as good as none


class Reserve:
    """A file of zeros that is given up once the disk is full, and made anew once it is not.

    Alarms, answers to operators and the detector's word on itself go on then; samples wait.

    Args:
        store: Open; others than SQLite in a file have a disk of their own.

    Attributes:
        is_full: Whether samples wait for room.
    """

    def __init__(self, store: Engine) -> None:
        file = file_of(store)
        self._path: Path | None = None if file is None else file.with_name(file.name + ENDING)
        self.is_full = False
        self._set_aside()

    def met(self, error: StoreFailure) -> bool:
        """What the store says to a commit; returns whether its disk is full."""
        if not self._is_full_by(reason_of(error)):
            return False
        if not self.is_full:
            logger.error("store: no room for samples on its disk, they wait; alarms go on")
        self.is_full = True
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        return True

    def committed(self) -> None:
        """A commit with samples was made."""
        if self.is_full:
            logger.warning("store: there is room for samples again")
            self.is_full = False
            self._set_aside()

    def _is_full_by(self, reason: str) -> bool:
        if any(word in reason for word in FULL):
            return True
        if FAILED not in reason or self._path is None:
            return False
        return shutil.disk_usage(self._path.parent).free < NOTHING

    def _set_aside(self) -> None:
        if self._path is None or self._path.exists():
            return
        with suppress(OSError):
            if shutil.disk_usage(self._path.parent).free < SPARE * BYTES:
                return
            try:
                with self._path.open("wb") as file:
                    file.write(bytes(BYTES))  # not sparse: the room itself
                    os.fsync(file.fileno())
            except OSError:
                self._path.unlink(missing_ok=True)
