"""Shelly's calls (Gen2 and later): notifications of a status, and answers that hold one."""

from __future__ import annotations

from detector.ingest.messages.contract import Message, Reading
from detector.ingest.messages.documents import record_of
from detector.settings.sources import SourceSettings

STATUSES = ("NotifyStatus", "NotifyFullStatus")


def unpack(document: object, _: Message, source: SourceSettings) -> Reading | None:
    """The status of a notification or an answer; events, such as a pushed button, are no samples.

    A clock that was not set yet tells no time: the arrival counts.
    """
    if not isinstance(document, dict) or not {"src", "dst"} <= document.keys():
        return None
    method = document.get("method")
    content = document.get("result" if method is None else "params")
    if not isinstance(content, dict):
        return None
    if method is not None and method not in STATUSES:
        return Reading(ignored=f"{method} is no status")
    content = {key: value for key, value in content.items() if key != "ts" or value}
    device = document["src"] if isinstance(document["src"], str) else None
    return Reading([record_of(content, source, device=device)])
