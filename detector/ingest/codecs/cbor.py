"""CBOR (RFC 8949): the same documents as JSON, in binary; SenML packs with their numbered keys."""

from __future__ import annotations

from io import BytesIO

import cbor2

from detector.ingest.envelopes import senml
from detector.ingest.envelopes.table import read_document
from detector.ingest.messages.contract import Message, Reading, RefusedPayloadError
from detector.ingest.messages.documents import with_text_keys
from detector.settings.sources import SourceSettings

MAP_OR_ARRAY = (4, 5)  # major types, the upper three bits of the first byte
TAG = 6
SELF_DESCRIBED = b"\xd9\xd9\xf7"  # the tag that says no more than that this is CBOR
UNREADABLE = (
    cbor2.CBORError, RecursionError, ValueError, OverflowError, MemoryError, TypeError, KeyError,
)  # fmt: skip


def _refused(_: object, __: bool) -> object:
    raise ValueError("values that refer to others")


def _as_it_stands(value: object, _: bool) -> object:
    return value


def _a_word(_: object, __: bool) -> object:
    return "a rational number"


# A reference costs three bytes and stands for any number of values: a few make millions. Rational
# numbers, patterns and mails cost more to make than to read, and no channel holds one.
TAGS = dict.fromkeys((25, 29), _refused) | {30: _a_word, 35: _as_it_stands, 36: _as_it_stands}


class Cbor:
    """An object or a list of them."""

    def fits(self, message: Message, _: SourceSettings) -> bool:
        """It begins like a map, an array or a tag, and all of it can be read."""
        if not message.payload or message.payload[0] >> 5 not in (*MAP_OR_ARRAY, TAG):
            return False
        try:
            _document(message.payload)
        except RefusedPayloadError:
            return False
        return True

    def read(self, message: Message, source: SourceSettings) -> Reading:
        """Read a message; see ``Codec``."""
        document = _document(message.payload)
        if isinstance(document, list):
            document = [senml.named(entry) for entry in document]
        return read_document(with_text_keys(document), message, source)


def _document(payload: bytes) -> object:
    stream = BytesIO(payload.removeprefix(SELF_DESCRIBED))
    try:
        document = cbor2.CBORDecoder(stream, semantic_decoders=TAGS).decode()
    except UNREADABLE as error:
        line = f"payload: {str(error)[:120]}, allowed: one CBOR map or array"
        raise RefusedPayloadError("format", line) from None
    if stream.read(1):
        line = "payload: bytes after the CBOR item, allowed: one map or array"
        raise RefusedPayloadError("format", line)
    return document
