"""Room set aside beside an SQLite store, for what must be stored while its disk is full."""

from __future__ import annotations

import logging
import math
import os
import shutil
from contextlib import suppress
from pathlib import Path

from detector.store.connecting import file_of, reason_of
from detector.store.schema import Engine, StoreFailure
from detector.store.upkeep.usage import bytes_of

logger = logging.getLogger(__name__)

ENDING = "-reserve"
BYTES = 4 << 20  # some hours of alarms, the detector's own word renewed every second
SPARE = 4  # times as much must be free before so much is set aside, and samples go on
FULL = ("disk is full", "No space left on device")
FAILED = "disk I/O error"  # what SQLite says too, of some of its files
NOTHING = 1 << 16  # bytes free, that are as good as none


class Reserve:
    """A file of zeros that is given up once the disk is full, and made anew once it is not.

    Alarms, answers to operators and the detector's word on itself go on then; samples wait until
    so much is free that they do not take the room that was given up for those.

    Args:
        store: Open; others than SQLite in a file have a disk of their own.

    Attributes:
        is_full: Whether samples wait for room.
    """

    def __init__(self, store: Engine) -> None:
        file = file_of(store)
        self._store = store
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

    def has_room(self) -> bool:
        """Whether samples may be tried: where so much is free, or empty in the store itself."""
        if not self.is_full or self._free() >= SPARE * BYTES:
            return True
        with self._store.connect() as connection:
            return self._free() + bytes_of(connection, None)[1] >= SPARE * BYTES

    def committed(self) -> None:
        """A commit with samples was made."""
        if self.is_full:
            logger.warning("store: there is room for samples again")
            self.is_full = False
            self._set_aside()

    def _is_full_by(self, reason: str) -> bool:
        if any(word in reason for word in FULL):
            return True
        return FAILED in reason and self._free() < NOTHING

    def _free(self) -> float:
        """Bytes of the store's disk."""
        if self._path is None:
            return math.inf
        return shutil.disk_usage(self._path.parent).free

    def _set_aside(self) -> None:
        if self._path is None or self._path.exists():
            return
        with suppress(OSError):
            if self._free() < SPARE * BYTES:
                return
            try:
                with self._path.open("wb") as file:
                    file.write(bytes(BYTES))  # not sparse: the room itself
                    os.fsync(file.fileno())
            except OSError:
                self._path.unlink(missing_ok=True)
