"""Lists of names with values: Kepware's IoT gateway and whoever sends channels one by one."""

from __future__ import annotations

from typing import Any

from detector.ingest.messages.contract import Message, Reading, Record
from detector.ingest.messages.documents import Object, record_of
from detector.settings.sources import SourceSettings

NAMES = ("name", "n", "id", "key", "tag", "channel", "variable", "sensor", "metric")
VALUES = ("value", "v", "val")
TIMES = ("t", "ts", "time", "timestamp")
QUALITIES = ("q", "quality", "status")
UNITS = ("unit", "u", "units")
UNCERTAIN_FROM = 64  # of an OPC quality; 192 is good
# Short words mean too much else (`v`, `t`, `id`) where no list says what they are.
ALONE = frozenset({"name", "tag", "channel", "variable", "sensor", "metric"})
BESIDE = frozenset({"timestamp", "ts", "quality", "unit", "units"})  # a value


def unpack(document: object, message: Message, source: SourceSettings) -> Reading | None:
    """One record a channel, with its own time where it has one, beside the object's own values."""
    if isinstance(document, list) and _is_list(document):
        return Reading([_channel(item, None) for item in document])
    if not isinstance(document, dict):
        return None
    if message.feature is None and not source.device and _is_alone(document):
        return Reading([_channel(document, None)])
    items = _items(document)
    if not items:
        return None
    rest = record_of({key: value for key, value in document.items() if key not in items}, source)
    channels = [_channel(item, rest) for listed in items.values() for item in listed]
    return Reading([*channels, rest] if rest.channels else channels)


def _items(document: Object) -> dict[str, list[Object]]:
    """Channels by the key they stand under: lists of them, else objects with a value each."""
    lists = {key: value for key, value in document.items() if _is_list(value)}
    objects = {key: value for key, value in document.items() if isinstance(value, dict)}
    if lists or not all(map(_is_told, objects.values())):
        return lists
    return {key: [{**value, "name": key}] for key, value in objects.items()}


def _is_told(found: Object) -> bool:
    """Whether an object is a value with its time, quality or unit, and nothing else."""
    beside = {key.lower() for key in found} - {"value"}
    return len(beside) == len(found) - 1 and bool(beside) and beside <= BESIDE


def _is_alone(document: Object) -> bool:
    """Whether an object is one channel: its name, its value, and what is said of it."""
    keys = {key.lower() for key in document}
    return (
        len(keys & ALONE) == 1
        and bool(keys & {"value", "val"})
        and keys <= ALONE | BESIDE | {"value", "val", "time"}
        and _is_channel(document)
    )


def _is_list(found: object) -> bool:
    return isinstance(found, list) and bool(found) and all(map(_is_channel, found))


def _is_channel(item: object) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(_first(item, NAMES), str)
        and _key(item, VALUES) is not None
    )


def _channel(item: Object, outer: Record | None) -> Record:
    value = _first(item, VALUES) if _is_good(_first(item, QUALITIES)) else None
    record = Record({str(_first(item, NAMES)): value})
    if outer is not None:
        record.time, record.device, record.session = outer.time, outer.device, outer.session
    own = _first(item, TIMES)
    record.time = own if own is not None else record.time
    unit = _first(item, UNITS)
    if isinstance(unit, str):
        record.units = dict.fromkeys(record.channels, unit)
    return record


def _is_good(quality: object) -> bool:
    """Whether a value may be used; nothing said is good."""
    if isinstance(quality, str):
        return not quality.strip().lower().startswith("bad")
    if isinstance(quality, int | float) and not isinstance(quality, bool):
        return quality == 1 or quality >= UNCERTAIN_FROM
    return quality is not False


def _key(item: Object, keys: tuple[str, ...]) -> str | None:
    return next((key for key in item if key.lower() in keys), None)


def _first(item: Object, keys: tuple[str, ...]) -> Any:  # noqa: ANN401 -- whatever was sent
    key = _key(item, keys)
    return None if key is None else item[key]
