"""SenML (RFC 8428): a pack of records with base name, base time, base unit and base value.

In JSON; in CBOR its keys are small numbers, which ``named`` turns into the same words.
"""

from __future__ import annotations

from typing import Any

from detector.ingest.messages.contract import Message, Reading, Record, RefusedPayloadError
from detector.ingest.messages.times import moment
from detector.ingest.messages.values import as_text, shown
from detector.settings.sources import SourceSettings

LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs", 0: "n", 1: "u", 2: "v",
          3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd"}  # fmt: skip
KEYS = frozenset(LABELS.values())
RELATIVE_BELOW = 2**28  # seconds; smaller times are counted from now
SEPARATORS = ":/._-"


def unpack(document: object, message: Message, _: SourceSettings) -> Reading | None:
    """One record a measurement."""
    if not isinstance(document, list) or not document or not all(map(_is_entry, document)):
        return None
    if not any({"n", "bn"} & entry.keys() for entry in document):
        return None
    base: dict[str, Any] = {}
    records = []
    for entry in document:
        base.update({key: value for key, value in entry.items() if key in ("bn", "bt", "bu", "bv")})
        if {"v", "vb", "vs", "vd", "s"} & entry.keys():
            records.append(_record(entry, base, message))
    return Reading(records, ignored=None if records else "a pack without measurements")


def named(entry: object) -> object:
    """An entry of the CBOR form with words for its labels."""
    if not isinstance(entry, dict):
        return entry
    return {LABELS.get(key, key): value for key, value in entry.items()}


def _is_entry(found: object) -> bool:
    return isinstance(found, dict) and bool(found) and found.keys() <= KEYS


def _record(entry: dict[str, Any], base: dict[str, Any], message: Message) -> Record:
    prefix, name = as_text(base.get("bn", "")), as_text(entry.get("n", ""))
    record = Record({name or "value": _value(entry, base)})
    record.device = prefix.rstrip(SEPARATORS) or None
    record.time = _time(entry, base, message.arrival)
    unit = entry.get("u", base.get("bu", ""))
    record.units = {name or "value": as_text(unit)} if unit else {}
    return record


def _value(entry: dict[str, Any], base: dict[str, Any]) -> object:
    if "v" in entry or "s" in entry:
        number: Any = entry.get("v", entry.get("s"))
        start = base.get("bv", 0)
        if not all(isinstance(x, int | float) for x in (number, start)):
            line = f"v: found {shown(number)}, allowed: a number"
            raise RefusedPayloadError("type", line)
        return _sum(number, start) if start else number
    return entry.get("vb", entry.get("vs", entry.get("vd")))


def _time(entry: dict[str, Any], base: dict[str, Any], arrival: float) -> object:
    start, offset = base.get("bt", 0), entry.get("t", 0)
    if not all(isinstance(x, int | float) and not isinstance(x, bool) for x in (start, offset)):
        raise RefusedPayloadError("time", f"t: found {shown(offset)}, allowed: seconds")
    seconds = _sum(start, offset)
    return _sum(arrival, seconds) if seconds < RELATIVE_BELOW else moment(seconds)


def _sum(base: float, number: float) -> float:
    try:
        return base + number
    except OverflowError:
        line = "sample: found an integer beyond float64, allowed: up to 3.4e38 (float32)"
        raise RefusedPayloadError("non-finite", line) from None
