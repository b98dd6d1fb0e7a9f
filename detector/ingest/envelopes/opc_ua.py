"""OPC UA PubSub in JSON: data set messages with a payload of values, each with its quality."""

from __future__ import annotations

from detector.ingest.messages.contract import Message, Reading, Record
from detector.ingest.messages.documents import Object, record_of
from detector.settings.sources import SourceSettings

BAD = 0x80000000  # of a StatusCode, its highest bit


def unpack(document: object, _: Message, source: SourceSettings) -> Reading | None:
    """A network message's data set messages, or a list of them."""
    if isinstance(document, dict) and isinstance(document.get("Messages"), list):
        messages = document["Messages"]
    else:
        messages = document if isinstance(document, list) else [document]
    if not messages or not all(map(_is_data_set, messages)):
        return None
    return Reading([_record(message, source) for message in messages])


def _is_data_set(found: object) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("Payload"), dict)
        and bool({"DataSetWriterId", "DataSetWriterName", "SequenceNumber"} & found.keys())
    )


def _record(message: Object, source: SourceSettings) -> Record:
    values = {name: _value(field) for name, field in message["Payload"].items()}
    times = [f["SourceTimestamp"] for f in message["Payload"].values()
             if isinstance(f, dict) and isinstance(f.get("SourceTimestamp"), str)]  # fmt: skip
    return record_of(values, source, time=message.get("Timestamp") or max(times, default=None))


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
