"""ThingsBoard: ``{"ts": …, "values": {…}}`` of a device, and by device name from a gateway."""

from __future__ import annotations

from typing import Any, TypeGuard

from detector.ingest.messages.contract import Message, Reading, Record
from detector.ingest.messages.documents import record_of
from detector.settings.sources import SourceSettings


def unpack(document: object, _: Message, source: SourceSettings) -> Reading | None:
    """Records of a gateway's devices; a device's own form is read without help."""
    if not isinstance(document, dict) or not document:
        return None
    if not all(_is_telemetry(rows) for rows in document.values()):
        return None
    pairs = [(device, row) for device, rows in document.items() for row in rows]
    return Reading([_record(row, device, source) for device, row in pairs])


def _is_telemetry(rows: object) -> TypeGuard[list[dict[str, Any]]]:
    return (
        isinstance(rows, list)
        and bool(rows)
        and all(isinstance(row, dict) and isinstance(row.get("values"), dict) for row in rows)
    )


def _record(row: dict[str, Any], device: str, source: SourceSettings) -> Record:
    return record_of({**row["values"], "ts": row["ts"]} if "ts" in row else row["values"], source,
                     device=device)  # fmt: skip
