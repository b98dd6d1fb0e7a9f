"""What stands above every page: whether all is well, and the alarm that needs an answer first.

One small message for all viewers, sent when something has changed; between, a sign of life.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from dashboard.live import reading
from detector.records import Alarm
from detector.settings.tree import Settings
from detector.store import alarms, devices
from detector.store.schema import Connection
from detector.text import inert

ALIVE_S = 2.0  # between signs of life; a browser takes six seconds of silence for a lost connection
LONGEST_NAME = 80
MOVING = ("now", "arrival", "age_s")

Said = dict[str, Any]


class Header:
    """What the viewers were told last."""

    def __init__(self) -> None:
        self._told: Said | None = None
        self._at = 0.0

    def update(self, said: Said) -> bytes | None:
        """What there is to send: all of it when it changed, else a sign of life; None: nothing.

        Args:
            said: As ``read`` gives it, or ``reading.answers``.
        """
        lasting = {name: value for name, value in said.items() if name not in MOVING}
        is_new = lasting != self._told
        if not is_new and 0 <= said["now"] - self._at < ALIVE_S:
            return None
        self._told, self._at = lasting, said["now"]
        return msgspec.json.encode(
            said if is_new else {name: said[name] for name in MOVING if name in said}
        )

    def forget(self) -> None:
        """Send everything the next time."""
        self._told = None


def read(connection: Connection, settings: Settings, health: Said) -> Said:
    """What the header says now.

    Args:
        connection: To the store.
        settings: For when data are stale.
        health: As ``reading.health_facts`` gives it.
    """
    waiting = alarms.waiting(connection, besides=reading.QUIET)
    count, arrival = devices.newest_arrival(connection)
    return {
        **health,
        "now": time.time(),
        "arrival": arrival and round(arrival, 1),
        "stale_s": settings.dashboard.stale_s,
        "devices": count,
        "waiting": waiting.counts,
        "alarm": waiting.first and _short(waiting.first),
        "newest": waiting.newest and _short(waiting.newest),
    }


def _short(alarm: Alarm) -> Said:
    """An alarm in few bytes; its name is shortened, so the page finds it by its number."""
    name = inert(alarm.device)
    return {
        "id": alarm.id,
        "device": name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…",
        "kind": alarm.kind,
        "priority": alarm.priority,
        "life": alarm.life,
        "start": round(alarm.start, 1),
    }
