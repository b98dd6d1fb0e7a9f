"""Messages that were not taken: counted all, told a few."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from detector.folding import Folding
from detector.text import inert

logger = logging.getLogger(__name__)

MOST_LINES = 20  # of one reason in a while, over all devices
OTHERS = "(others)"  # devices beyond those held


class Refusals:
    """Counts refused messages by device and reason, and warns at most once per device in a while.

    Args:
        max_devices: Devices counted by name; all others are counted together.
        every_s: Seconds between two warnings of one device.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        max_devices: int = 1000,
        every_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_devices = max_devices
        self._of_device = Folding(1, every_s, clock)
        self._of_kind = Folding(MOST_LINES, every_s, clock)
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = {}

    def add(self, device: str, kind: str, line: str) -> None:
        """Count one message and warn unless this device was warned of lately.

        Args:
            device: Name of the machine; a topic that names none counts under the topic.
            kind: Class of the reason.
            line: What, where, found and allowed.
        """
        with self._lock:
            key = device if device in self._counts or self._has_room() else OTHERS
            self._counts.setdefault(key, Counter())[kind] += 1
            tail = self._of_device.tail(key)
            more = None if tail is None else self._of_kind.tail(kind)
        if more is not None:
            logger.warning("%s: dropped a message: %s%s", inert(device), inert(line), tail or more)

    def counts(self) -> dict[str, dict[str, int]]:
        """Messages refused, by device and kind."""
        with self._lock:
            return {device: dict(kinds) for device, kinds in self._counts.items()}

    def _has_room(self) -> bool:
        return len(self._counts) < self._max_devices
