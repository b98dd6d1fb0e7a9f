"""The Things Stack (The Things Network v3): an uplink with its decoded payload."""

from __future__ import annotations

from detector.ingest.messages.contract import Message, Reading, RefusedPayloadError
from detector.ingest.messages.documents import record_of
from detector.settings.sources import SourceSettings


def unpack(document: object, _: Message, source: SourceSettings) -> Reading | None:
    """The decoded payload of an uplink; other events of a device are no samples."""
    if not isinstance(document, dict) or not isinstance(document.get("end_device_ids"), dict):
        return None
    uplink = document.get("uplink_message")
    if not isinstance(uplink, dict):
        return Reading(ignored="an event without an uplink")
    decoded = uplink.get("decoded_payload")
    if not isinstance(decoded, dict):
        if not uplink.get("frm_payload"):
            return Reading(ignored="an empty uplink")
        line = "uplink_message: no decoded_payload, allowed: a payload formatter at the application"
        raise RefusedPayloadError("format", line)
    time = document.get("received_at", uplink.get("received_at"))
    device = document["end_device_ids"].get("device_id")
    return Reading([record_of(decoded, source, time=time, device=device)])
