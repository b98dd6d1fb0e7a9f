"""A bare number or word, whose feature the topic names: ``148.22``, ``ON``, ``nan``."""

from __future__ import annotations

from detector.ingest.messages.contract import Message, Reading, Record, RefusedPayloadError
from detector.ingest.messages.values import shown
from detector.settings.sources import SourceSettings

LONGEST = 256  # characters


class Text:
    """One value as text."""

    def fits(self, message: Message, _: SourceSettings) -> bool:
        """The topic names a feature, and the payload is one short line."""
        return message.feature is not None and _line(message.payload) is not None

    def read(self, message: Message, _: SourceSettings) -> Reading:
        """Read a message; see ``Codec``."""
        line = _line(message.payload)
        if message.feature is None or line is None:
            found = shown(message.payload[:40].decode(errors="replace"))
            allowed = "one value, and {feature} in the source's topic"
            raise RefusedPayloadError("format", f"payload: found {found}, allowed: {allowed}")
        return Reading([Record({"": line})])


def _line(payload: bytes) -> str | None:
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        return None
    return text if len(text) <= LONGEST and text.isprintable() else None
