"""Tasmota's answers to ``Status 8``, ``10`` and ``11``: what it also sends as SENSOR and STATE."""

from __future__ import annotations

from detector.ingest.messages.contract import Message, Reading
from detector.ingest.messages.documents import record_of
from detector.settings.sources import SourceSettings

ANSWERS = ("StatusSNS", "StatusSTS")


def unpack(document: object, _: Message, source: SourceSettings) -> Reading | None:
    """The object inside, so that its time is found and its channels are called as in SENSOR."""
    if not isinstance(document, dict) or len(document) != 1:
        return None
    ((name, content),) = document.items()
    if name not in ANSWERS or not isinstance(content, dict):
        return None
    return Reading([record_of(content, source)])
