"""MessagePack: the same documents as JSON, in binary."""

from __future__ import annotations

import msgspec

from detector.ingest.envelopes.table import read_document
from detector.ingest.messages.contract import Message, Reading, RefusedPayloadError
from detector.ingest.messages.documents import too_deep, with_text_keys
from detector.settings.sources import SourceSettings

FIRST = frozenset({*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF})  # maps and arrays
_ANY = msgspec.msgpack.Decoder()


class MessagePack:
    """An object or a list of them."""

    def fits(self, message: Message, _: SourceSettings) -> bool:
        """It begins like a map or an array, and all of it can be read."""
        if not message.payload or message.payload[0] not in FIRST:
            return False
        try:
            _ANY.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
            return False
        return True

    def read(self, message: Message, source: SourceSettings) -> Reading:
        """Read a message; see ``Codec``."""
        try:
            document = _ANY.decode(message.payload)
        except RecursionError:
            raise too_deep() from None
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            line = f"payload: {error}, allowed: one MessagePack object or list"
            raise RefusedPayloadError("format", line) from None
        return read_document(with_text_keys(document), message, source)
