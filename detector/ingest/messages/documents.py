"""Objects and lists, from JSON, MessagePack or CBOR alike -> records.

A known envelope is recognised by its keys (``envelopes``); anything else is one object with its
channels, or a list of such objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from detector.ingest.messages.contract import Record, RefusedPayloadError
from detector.ingest.messages.times import plausible
from detector.ingest.messages.values import as_text, checked_count, shown
from detector.settings.sources import FASTEST_HZ, SLOWEST_HZ, SourceSettings
from detector.vocabulary import TIME_NAMES

MAX_DEPTH = 8  # objects within objects
TIME = "ts"
TIMES = frozenset(TIME_NAMES)
RATES = frozenset(
    {"fs", "rate", "sampling_rate", "sample_rate", "samplerate", "rate_hz", "fs_hz", "odr"}
)
PERIODS = frozenset({"dt", "interval", "sampling_period", "period_s"})  # seconds
WRAPPERS = frozenset({"d", "data", "payload", "values", "fields", "telemetry", "measurements"})
SHORTEST_S, LONGEST_S = 1 / FASTEST_HZ, 1 / SLOWEST_HZ
SESSION = "session"
_CONTAINERS = frozenset({dict, list, tuple})

Object = Mapping[str, Any]


def plain(document: object, source: SourceSettings) -> list[Record]:
    """One object, or a list of them, without any envelope.

    Raises:
        RefusedPayloadError: If it is something else, or nested too deep.
    """
    if isinstance(document, list):
        checked_count(len(document))
        return [record_of(_checked(item), source) for item in document]
    return [record_of(_checked(document), source)]


def _checked(found: object) -> Object:
    if not isinstance(found, dict):
        line = f"payload: found {shown(found)}, allowed: an object or a list of objects"
        raise RefusedPayloadError("type", line)
    return found


def record_of(
    content: Object, source: SourceSettings, *, time: object = None, device: object = None
) -> Record:
    """One object as a record: its time, device, session and rate are taken out of its channels.

    Args:
        content: Keys and values, nested ones get dotted names.
        source: Which keys mean what.
        time: Of the envelope, where the object has none of its own.
        device: Of the envelope.
    """
    flat, left_out = _flat(_unwrapped(content))
    record = Record(flat, device=device, left_out=left_out)
    record.time = _take_time(flat, source, left_out)
    if record.time is None:
        record.time = time
    if source.device:
        record.device = _take_device(flat, source)
    record.session = flat.pop(SESSION, None)
    if not isinstance(record.time, list) and list in map(type, flat.values()):
        record.rate_hz = _take_rate(flat)
    return record


def _unwrapped(content: Object) -> Object:
    """Without the level of a wrapper (``data``, ``values``, …) that is the only container."""
    containers = [key for key, value in content.items() if isinstance(value, dict)]
    if len(containers) != 1 or containers[0].lower() not in WRAPPERS:
        return content
    inner = content[containers[0]]
    outer = {key: value for key, value in content.items() if key != containers[0]}
    return content if outer.keys() & inner.keys() else {**outer, **inner}


def _flat(content: Object) -> tuple[dict[str, object], dict[str, str]]:
    """Leaves by dotted name, and what can be none."""
    flat: dict[str, object] = {}
    left_out: dict[str, str] = {}
    for name, leaf in _leaves(content, "", MAX_DEPTH):
        if name in flat:
            raise RefusedPayloadError("names", f"{shown(name)}: found twice, allowed: once")
        if isinstance(leaf, list) and not _CONTAINERS.isdisjoint(map(type, leaf)):
            left_out[name] = "a list of objects or lists"
        elif isinstance(leaf, bytes | bytearray):
            left_out[name] = "bytes"
        else:
            flat[name] = leaf
    return flat, left_out


def _leaves(content: Object, prefix: str, depth: int) -> Iterator[tuple[str, object]]:
    if depth == 0:
        raise too_deep()
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{name}.", depth - 1)
        else:
            yield name, value


def _take_time(flat: dict[str, object], source: SourceSettings, left_out: dict[str, str]) -> object:
    """The time of an object, out of its channels; None when it has none.

    ``ts`` and the key that the source names must be a time; of the other usual names the first
    that holds a time of this century counts, for many devices have counters called ``time``.
    """
    if source.time is not None:
        if source.time not in flat:
            raise RefusedPayloadError(
                "time", f"time: no {shown(source.time)} in the payload, allowed: the source's time"
            )
        return flat.pop(source.time)
    by_name = {name.lower(): name for name in flat}
    if TIMES.isdisjoint(by_name):
        return None
    zone = ZoneInfo(source.time_zone)
    for usual in TIME_NAMES:
        name = by_name.get(usual)
        if name is None:
            continue
        found = flat[name]
        if usual == TIME:
            return _certain(flat.pop(name))
        first = found[0] if isinstance(found, list) and found else found
        if plausible(first, zone):
            return flat.pop(name)
        if isinstance(found, str | datetime):
            left_out[name] = f"{shown(flat.pop(name))} is no time"
    return None


def _certain(found: object) -> object:
    if found is None:
        raise RefusedPayloadError("time", "ts: found null, allowed: a time, or no ts at all")
    return found


def _take_device(flat: dict[str, object], source: SourceSettings) -> str:
    parts = []
    for key in source.device:
        found = flat.pop(key, None)
        if found is None or isinstance(found, list | bool):
            line = f"device: no {shown(key)} in the payload, allowed: the source's device keys"
            raise RefusedPayloadError("device", line)
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        parts.append(as_text(found))
    return "-".join(parts)


def _take_rate(flat: dict[str, object]) -> float | None:
    """Samples per second, from a rate or a period in seconds, out of the channels."""
    for name in [name for name in flat if name.lower() in RATES | PERIODS]:
        found = flat[name]
        if not isinstance(found, int | float) or isinstance(found, bool):
            continue
        if name.lower() in PERIODS:
            found = 1 / found if SHORTEST_S <= found <= LONGEST_S else 0
        if SLOWEST_HZ <= found <= FASTEST_HZ:
            del flat[name]
            return float(found)
    return None


def with_text_keys(document: object, depth: int = MAX_DEPTH + 2) -> object:
    """A document whose keys are text, as in JSON; binary formats allow numbers too."""
    if depth == 0:
        raise too_deep()
    if isinstance(document, dict):
        return {as_text(key): with_text_keys(value, depth - 1) for key, value in document.items()}
    if isinstance(document, list | tuple):
        if _CONTAINERS.isdisjoint(map(type, document)):
            return list(document)
        return [with_text_keys(item, depth - 1) for item in document]
    return document


def too_deep() -> RefusedPayloadError:
    """What a document with too many levels is refused with."""
    line = f"payload: nested deeper than allowed: {MAX_DEPTH} levels"
    return RefusedPayloadError("nesting", line)
