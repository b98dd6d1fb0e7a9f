"""Recordings made up for tests, as if they had come from a broker."""

from __future__ import annotations

import json

from detector.adopting.recording import Heard, Recording
from detector.adopting.survey import survey
from detector.settings.tree import Settings

T0 = 1_772_366_400.0


def recorded(messages, n=8, every_s=0.1):
    """A recording of ``n`` rounds.

    Args:
        messages: Payload by topic: bytes, text, an object, or a function of the round and its
            time that makes one of them.
        n: Rounds.
        every_s: Between two of them.
    """
    recording = Recording("#", "faultline/")
    for i in range(n):
        now = T0 + i * every_s
        for topic, payload in messages.items():
            made = payload(i, now) if callable(payload) else payload
            recording.add(Heard(topic, as_bytes(made), now), is_retained=False)
    recording.seconds = n * every_s
    return recording


def as_bytes(payload):
    """Of text, an object or a number."""
    if isinstance(payload, bytes):
        return payload
    return payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()


def surveyed(messages, n=8, every_s=0.1, settings=None):
    """What there is to say of such a recording."""
    return survey(recorded(messages, n, every_s), settings or Settings())


def templates(found):
    """Topics of the proposed sources."""
    return [source.proposal.topic for source in found.sources]
