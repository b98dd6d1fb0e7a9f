"""Settings that messages need beside their topic: columns, a rate, the keys of time and device.

Each is proposed only where messages cannot be read well without it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from detector.adopting.reading import Found, read_all
from detector.adopting.recording import Heard
from detector.ingest.codecs.csv import SEPARATORS
from detector.ingest.messages.contract import Record
from detector.ingest.messages.times import moment, plausible
from detector.ingest.messages.values import TEXT_NUMBER
from detector.ingest.topics import Named
from detector.settings.sources import SourceSettings

NEAR_S = 86_400.0  # a key that is a time lies so near its arrival, whatever its time zone
DEVICE_KEYS = (
    "device", "device_id", "deviceid", "device_name", "devicename", "dev_id", "devid", "machine",
    "machine_id", "asset", "asset_id", "node", "node_id", "nodeid", "sensor", "sensor_id",
    "sensorid", "serial", "serial_number", "sn", "mac", "eui", "dev_eui", "id", "name",
)  # fmt: skip
ID, MODEL = "id", "model"  # devices of two models may have the same id


def to_read(heard: Sequence[Heard], found: Found, named: Named) -> dict[str, Any]:
    """What makes refused messages readable; empty where nothing does.

    Args:
        heard: Messages of a topic.
        found: What came of them so far.
        named: What the topic is taken to say.
    """
    if found.kinds["rate"]:
        return _rate(heard, named)
    if found.kinds["format"] or found.kinds["columns"]:
        return _columns(heard)
    return {}


def to_understand(found: Found) -> dict[str, Any]:
    """Keys of the payload that are its time or name its device."""
    return {**_time_key(found), **_device_keys(found)}


def _rate(heard: Sequence[Heard], named: Named) -> dict[str, Any]:
    """Samples a second: those of all messages but the last, over the time they took."""
    found = read_all(heard, named, SourceSettings(topic="#", rate_hz=1.0))
    counts = [sum(len(block) for _, block in one.blocks) for one in found.decoded]
    is_timed = all(record.time is not None for records in found.records for record in records)
    times = [one.blocks[0][1].ts[0] for one in found.decoded] if is_timed else found.arrivals
    if len(counts) < 3 or times[-1] <= times[0]:
        return {}
    return {"rate_hz": float(f"{sum(counts[:-1]) / (times[-1] - times[0]):.3g}")}


def _columns(heard: Sequence[Heard]) -> dict[str, Any]:
    """Names for separated numbers, the same many in each line; ``ts`` where the first is a time."""
    rows = [_cells(line) for _, payload, _ in heard for line in payload.splitlines()]
    widths = {len(row) for row in rows}
    if len(widths) != 1 or min(widths) < 2:
        return {}
    width = widths.pop()
    is_time = [all(map(plausible, column)) for column in zip(*rows, strict=True)]
    is_number = [all(map(TEXT_NUMBER.fullmatch, column)) for column in zip(*rows, strict=True)]
    if not any(is_number) or not all(is_number[1:]) or not (is_number[0] or is_time[0]):
        return {}
    names = [f"c{i + 1}" for i in range(width)]
    return {"columns": ("ts", *names[: width - 1]) if is_time[0] else tuple(names)}


def _cells(line: bytes) -> list[str]:
    text = line.decode(errors="replace")
    separator = next((mark for mark in SEPARATORS if mark in text), ",")
    return [cell.strip() for cell in text.split(separator)]


def _time_key(found: Found) -> dict[str, Any]:
    """A key that moves along with the arrival, where no usual one was found."""
    if any(record.time is not None for records in found.records for record in records):
        return {}
    times: dict[str, list[float]] = defaultdict(list)
    for records, arrival in zip(found.records, found.arrivals, strict=True):
        for name, value in _of_all(records).items():
            if plausible(value) and abs(moment(value) - arrival) < NEAR_S:
                times[name].append(moment(value))
    count = len(found.records)
    moving = [name for name, seen in times.items() if len(seen) == count and len(set(seen)) > 1]
    return {"time": moving[0]} if moving else {}


def _device_keys(found: Found) -> dict[str, Any]:
    """Keys with a few names that come again, where messages name no device in another way."""
    if found.names_devices:
        return {}
    seen: dict[str, list[str]] = defaultdict(list)
    for records in found.records:
        for name, value in _of_all(records).items():
            if isinstance(value, str | int) and not isinstance(value, bool):
                seen[name].append(str(value))
    count = len(found.records)
    by_name = {name.lower(): name for name, values in seen.items() if len(values) == count}
    named = [by_name[key] for key in DEVICE_KEYS if key in by_name]
    key = next((name for name in named if 1 < len(set(seen[name])) <= count // 2), None)
    if key is None:
        return {}
    if key.lower() == ID and MODEL in by_name:
        return {"device": (by_name[MODEL], key)}
    return {"device": (key,)}


def _of_all(records: Sequence[Record]) -> dict[str, object]:
    return {name: value for record in records for name, value in record.channels.items()}
