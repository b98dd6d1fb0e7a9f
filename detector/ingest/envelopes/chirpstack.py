"""ChirpStack: version 4 (``deviceInfo``, ``object``) and 3 (``deviceName``, ``objectJSON``)."""

from __future__ import annotations

import msgspec

from detector.ingest.messages.contract import Message, Reading, RefusedPayloadError
from detector.ingest.messages.documents import record_of
from detector.settings.sources import SourceSettings

GATEWAY_TIMES = ("time", "gwTime", "nsTime")  # the last two since version 4.6


def unpack(document: object, _: Message, source: SourceSettings) -> Reading | None:
    """The decoded object of an uplink; joins, acknowledgements and status are no samples."""
    if not isinstance(document, dict):
        return None
    about = document.get("deviceInfo", document)
    if not isinstance(about, dict) or not ({"devEui", "devEUI"} & about.keys()):
        return None
    decoded = _decoded(document)
    if decoded is None:
        if not document.get("data"):
            return Reading(ignored="an event without an uplink")
        line = "uplink: no object, allowed: a codec in the device's profile"
        raise RefusedPayloadError("format", line)
    device = about.get("deviceName") or about.get("devEui") or about.get("devEUI")
    return Reading([record_of(decoded, source, time=_time(document), device=device)])


def _decoded(document: dict[str, object]) -> dict[str, object] | None:
    found = document.get("object")
    text = document.get("objectJSON")
    if found is None and isinstance(text, str) and text:
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            found = None
    return found if isinstance(found, dict) else None


def _time(document: dict[str, object]) -> object:
    """The uplink's, else that of the first gateway that heard it, else of the network server."""
    heard = document.get("rxInfo")
    first = heard[0] if isinstance(heard, list) and heard else {}
    of_gateway = [first.get(key) for key in GATEWAY_TIMES] if isinstance(first, dict) else []
    return next(filter(None, [document.get("time"), *of_gateway]), None)
