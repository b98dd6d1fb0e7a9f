"""What was heard in a while, kept in memory within bounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from detector.ingest.messages.payloads import MAX_BYTES

KEPT_PER_TOPIC = 3000  # messages; further ones are counted
KEPT_TOPICS = 5000
KEPT_BYTES = 128 << 20


class Heard(NamedTuple):
    """One message, live.

    Attributes:
        topic: As received.
        payload: Its bytes.
        arrival: UTC seconds.
    """

    topic: str
    payload: bytes
    arrival: float


@dataclass
class Recording:
    """Messages of a while; one thread adds.

    Attributes:
        filter: What the broker was asked for.
        own: Prefix of the topics that the detector itself publishes on.
        kept: Live messages, in order of arrival.
        live: Live messages by topic, those that were not kept too.
        retained: Messages from before the subscription by topic; the detector drops them too.
        n_own: Messages of the detector itself.
        n_beyond: Messages on topics that were too many to be told apart.
        n_lost: Times that the connection was lost.
        seconds: How long was listened.
    """

    filter: str
    own: str
    kept: list[Heard] = field(default_factory=list)
    live: Counter[str] = field(default_factory=Counter)
    retained: Counter[str] = field(default_factory=Counter)
    n_own: int = 0
    n_beyond: int = 0
    n_lost: int = 0
    seconds: float = 0.0
    _bytes: int = 0

    def add(self, heard: Heard, *, is_retained: bool) -> None:
        """Keep or count one message."""
        topic = heard.topic
        if topic.startswith(self.own):
            self.n_own += 1
            return
        counts = self.retained if is_retained else self.live
        if topic not in counts and len(counts) >= KEPT_TOPICS:
            self.n_beyond += 1
            return
        counts[topic] += 1
        size = min(len(heard.payload), MAX_BYTES + 1)  # enough to be refused as the detector would
        if is_retained or counts[topic] > KEPT_PER_TOPIC or self._bytes + size > KEPT_BYTES:
            return
        self._bytes += size
        self.kept.append(heard._replace(payload=heard.payload[:size]))

    @property
    def n_live(self) -> int:
        """Live messages of devices."""
        return self.live.total() + self.n_beyond
