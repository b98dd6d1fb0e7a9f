"""OPC UA PubSub in JSON: data set messages with a payload of values, each with its quality.

Publishers are told to leave headers away, so a data set message comes inside a network message,
alone, or as its bare payload; OPC Publisher's older form sends one value a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detector.ingest.messages.contract import Message, Reading, Record
from detector.ingest.messages.documents import Object, record_of
from detector.settings.sources import SourceSettings

BAD = 0x80000000  # of a StatusCode, its highest bit
HEADERS = frozenset({"DataSetWriterId", "DataSetWriterName", "SequenceNumber"})
TIME = "SourceTimestamp"
KIND = "MessageType"  # of a network message: ua-data, ua-metadata, ua-status, …


def unpack(document: object, message: Message, source: SourceSettings) -> Reading | None:
    """Data set messages, of a network message, alone or several."""
    if isinstance(document, list):
        return _several(document, message, source)
    if not isinstance(document, dict):
        return None
    if _is_of_the_publisher(document):
        return Reading(ignored=f"{document[KIND]} is no data")
    messages = document.get("Messages", document)
    messages = messages if isinstance(messages, list) else [messages]
    if not messages or not all(map(_is_data_set, messages)):
        return _bare(document, source)
    data = [one for one in messages if "Payload" in one]
    if not data:
        return Reading(ignored="a keep-alive")
    return Reading([_record(one, {**document, **one}, source) for one in data])


def _several(documents: list[object], message: Message, source: SourceSettings) -> Reading | None:
    """A list of network messages, of data set messages or of values."""
    if not documents or not all(map(_is_known, documents)):
        return None
    readings = [unpack(document, message, source) for document in documents]
    records = [record for reading in readings if reading for record in reading.records]
    return Reading(records, ignored=None if records else "no data among them")


def _is_of_the_publisher(document: Object) -> bool:
    """Whether it tells of the publisher and not of its values: metadata, status, connections."""
    kind = document.get(KIND)
    is_other = isinstance(kind, str) and kind.startswith("ua-") and kind != "ua-data"
    return is_other and "Payload" not in document


def _is_known(found: object) -> bool:
    return isinstance(found, dict) and (
        _is_data_set(found) or "Messages" in found or _is_sample(found)
    )


def _is_data_set(found: object) -> bool:
    if not isinstance(found, dict):
        return False
    if not HEADERS & found.keys() and not {"Payload"} <= found.keys() <= {"Payload", "Timestamp"}:
        return False
    return isinstance(found.get("Payload"), dict) or found.get(KIND) == "ua-keepalive"


def _is_sample(found: object) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("NodeId"), str)
        and isinstance(found.get("Value"), dict)
    )


def _bare(document: Object, source: SourceSettings) -> Reading | None:
    """A value with its node, or a payload without any header."""
    if _is_sample(document):
        name = document.get("DisplayName") or document["NodeId"]
        return Reading([_record({"Payload": {name: document["Value"]}}, document, source)])
    fields = document.values()
    if fields and all(isinstance(one, dict) and {"Value", TIME} <= one.keys() for one in fields):
        return Reading([_record({"Payload": document}, document, source)])
    return None


def _record(message: Object, about: Mapping[str, Any], source: SourceSettings) -> Record:
    """A payload's values at its own time; the source's device keys are those of its headers."""
    fields = message["Payload"]
    times = [field[TIME] for field in fields.values()
             if isinstance(field, dict) and isinstance(field.get(TIME), str)]  # fmt: skip
    headers = {key: about[key] for key in source.device if key in about}
    return record_of(
        {**{name: _value(field) for name, field in fields.items()}, **headers},
        source,
        time=message.get("Timestamp") or max(times, default=None),
    )


def _value(field: object) -> object:
    """The value of a field; one whose status is bad is missing."""
    if not isinstance(field, dict):
        return field
    status = field.get("StatusCode", field.get("Status", 0))
    code = status.get("Code", 0) if isinstance(status, dict) else status
    if isinstance(code, int) and code & BAD:
        return None
    found = field.get("Value", field.get("Body", field))
    return _value(found) if isinstance(found, dict) and found is not field else found
