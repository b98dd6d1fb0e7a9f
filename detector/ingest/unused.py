"""What was received and not used, by topic, with the reason: channels, and whole messages."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from detector.ingest.topics import MAX_NAME
from detector.records import Outcome, Unused
from detector.text import encodable

MOST_TOPICS = 2000
MOST_ENTRIES = 200  # of a topic
LONGEST_REASON = LONGEST_TOPIC = 300  # characters
REFRESH_S = 60.0  # between two times that one topic is told again, when nothing but counts is new
OTHERS = "(others)"  # topics beyond those held

_Key = tuple[Outcome, str]  # with the channel, or the kind of a refusal


@dataclass(slots=True)
class _Entry:
    """A channel, or one kind of messages of a topic."""

    reason: str = ""
    count: int = 0
    last_seen: float = 0.0


@dataclass(slots=True)
class _Topic:
    entries: dict[_Key, _Entry] = field(default_factory=dict)
    told: float = -REFRESH_S  # when it was last put in the queue


class UnusedInventory:
    """An inventory for whoever sets up a source; the network thread adds, any thread reads.

    Bounded: topics beyond the first 2000 count together, as do channels of a topic beyond 200.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._topics: dict[str, _Topic] = {}
        self._changed: dict[str, None] = {}  # topics to be told, in order

    def left_out(self, topic: str, channels: Mapping[str, str], now: float) -> None:
        """Note channels of one message.

        Args:
            topic: Of the message.
            channels: Reason by channel; the newest counts.
            now: UTC seconds.
        """
        self._note(topic, Outcome.LEFT_OUT, channels.items(), now)

    def message(self, topic: str, outcome: Outcome, kind: str, reason: str, now: float) -> None:
        """Note a whole message.

        Args:
            topic: Of the message.
            outcome: What became of it.
            kind: Class of the reason, of a refusal.
            reason: One line.
            now: UTC seconds.
        """
        self._note(topic, outcome, ((kind, reason),), now)

    def changed(self, most: int) -> dict[str, list[Unused]]:
        """All entries of up to ``most`` topics with something new; each is told once.

        A topic with a new entry is told at once, one whose counts grow now and then.
        """
        with self._lock:
            told = [topic for topic, _ in zip(self._changed, range(most), strict=False)]
            for topic in told:
                del self._changed[topic]
            return {topic: self._entries(topic) for topic in told}

    def again(self, topics: Iterable[str]) -> None:
        """Tell these topics once more: what was told got lost."""
        with self._lock:
            self._changed.update(dict.fromkeys(topics))

    def _note(
        self, topic: str, outcome: Outcome, found: Iterable[tuple[str, str]], now: float
    ) -> None:
        with self._lock:
            topic, held = self._held(topic[:LONGEST_TOPIC])
            is_new = False
            for name, reason in found:
                key = (outcome, name[:MAX_NAME])
                if key not in held.entries and len(held.entries) >= MOST_ENTRIES:
                    key = (outcome, OTHERS)
                is_new |= key not in held.entries
                entry = held.entries.setdefault(key, _Entry())
                entry.reason, entry.last_seen = reason[:LONGEST_REASON], now
                entry.count += 1
            if is_new or now >= held.told + REFRESH_S:
                held.told = now
                self._changed[topic] = None

    def _held(self, topic: str) -> tuple[str, _Topic]:
        if topic not in self._topics and len(self._topics) >= MOST_TOPICS:
            topic = OTHERS
        return topic, self._topics.setdefault(topic, _Topic())

    def _entries(self, topic: str) -> list[Unused]:
        return [
            Unused(
                topic=topic,
                channel=encodable(name) if outcome is Outcome.LEFT_OUT else None,
                outcome=outcome,
                kind="" if outcome is Outcome.LEFT_OUT else name,
                reason=entry.reason,
                count=entry.count,
                last_seen=entry.last_seen,
            )
            for (outcome, name), entry in self._topics[topic].entries.items()
        ]
