"""What was seen and not used: channels left out, by topic, with the reason."""

from __future__ import annotations

import threading
from collections.abc import Mapping

MOST_TOPICS = 2000
MOST_CHANNELS = 200  # of a topic
MAX_NAME = 200  # characters; of a longer one the beginning is told


class Unused:
    """An inventory for whoever sets up a source; the network thread adds, any thread reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, dict[str, str]] = {}
        self.beyond = 0  # topics that were too many to be held

    def add(self, topic: str, left_out: Mapping[str, str]) -> None:
        """Remember the channels of one message that were left out.

        Args:
            topic: Of the message.
            left_out: Reason by channel; the newest counts.
        """
        known = self._seen.get(topic)
        if known is not None and left_out.items() <= known.items():
            return  # nothing new, as nearly always: no lock on the way of a sample
        with self._lock:
            if known is None and len(self._seen) >= MOST_TOPICS:
                self.beyond += 1
                return
            held = self._seen.setdefault(topic, {})
            for whole_name, reason in left_out.items():
                name = whole_name[:MAX_NAME]
                if name in held or len(held) < MOST_CHANNELS:
                    held[name] = reason

    def listed(self) -> dict[str, dict[str, str]]:
        """Reason by channel, by topic."""
        with self._lock:
            return {topic: dict(held) for topic, held in self._seen.items()}
