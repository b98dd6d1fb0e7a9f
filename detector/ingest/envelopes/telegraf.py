"""Telegraf's JSON: ``{"fields": {…}, "name": …, "tags": {…}, "timestamp": …}``, alone or many."""

from __future__ import annotations

from detector.ingest.messages.contract import Message, Reading, Record
from detector.ingest.messages.documents import Object, record_of
from detector.ingest.messages.values import as_text
from detector.settings.sources import SourceSettings


def unpack(document: object, message: Message, source: SourceSettings) -> Reading | None:
    """The fields of each metric; see ``series_name`` for what they are called."""
    metrics = document.get("metrics", [document]) if isinstance(document, dict) else document
    if not isinstance(metrics, list) or not metrics or not all(map(_is_metric, metrics)):
        return None
    return Reading([_record(metric, message, source) for metric in metrics])


def _is_metric(found: object) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("fields"), dict)
        and isinstance(found.get("tags"), dict)
        and isinstance(found.get("name"), str)
    )


def _record(metric: Object, message: Message, source: SourceSettings) -> Record:
    tags = dict(metric["tags"])
    device = named_by(tags, source)
    prefix = series_name(metric["name"], tags, message.device)
    fields = {f"{prefix}.{name}": value for name, value in metric["fields"].items()}
    record = record_of(fields, source.model_copy(update={"device": (), "time": None}))
    record.time, record.device = metric.get("timestamp"), device
    return record


def named_by(tags: dict[str, object], source: SourceSettings) -> str | None:
    """The device that the source's keys name among the tags; these are taken out of them."""
    if not source.device or not all(key in tags for key in source.device):
        return None
    return "-".join(as_text(tags.pop(key)) for key in source.device)


def series_name(measurement: str, tags: dict[str, object], device: str | None) -> str:
    """Measurement and tag values joined by dots: what differs in a tag is another channel.

    A tag that says the device once more is left out.
    """
    values = [as_text(tags[key]) for key in sorted(tags)]
    return ".".join([measurement, *(value for value in values if value != device)])
