"""The known envelopes, in the order in which they are tried."""

from __future__ import annotations

from detector.ingest.envelopes import (
    chirpstack,
    name_value,
    opc_ua,
    senml,
    shelly,
    tasmota,
    telegraf,
    things_stack,
    thingsboard,
)
from detector.ingest.messages.contract import Message, Reading
from detector.ingest.messages.documents import plain
from detector.settings.sources import SourceSettings

ENVELOPES = (
    senml.unpack,
    things_stack.unpack,
    chirpstack.unpack,
    opc_ua.unpack,
    telegraf.unpack,
    tasmota.unpack,
    shelly.unpack,
    thingsboard.unpack,
    name_value.unpack,
)


def read_document(document: object, message: Message, source: SourceSettings) -> Reading:
    """Records of a document, out of its envelope where it has a known one.

    Raises:
        RefusedPayloadError: One line with what, where, found and allowed.
    """
    for unpack in ENVELOPES:
        reading = unpack(document, message, source)
        if reading is not None:
            return reading
    return Reading(plain(document, source))
