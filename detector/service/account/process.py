"""What this process takes: memory where the system tells it, and its share of a core."""

from __future__ import annotations

import os
import time
from pathlib import Path

STATM = Path("/proc/self/statm")  # of Linux: sizes in pages


def memory_bytes() -> int | None:
    """Resident memory; None where the system does not tell."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


class Rates:
    """Growth of counters per second since they were last looked at."""

    def __init__(self) -> None:
        self._then: dict[str, float] = {}
        self._at = time.monotonic()

    def look(self, now: dict[str, float]) -> dict[str, float]:
        """Per second, by name; 0 for those that are new."""
        then, self._then = self._then, dict(now)
        at, self._at = self._at, time.monotonic()
        seconds = max(self._at - at, 1e-3)
        return {
            name: max(value - then.get(name, value), 0.0) / seconds for name, value in now.items()
        }
