"""Bytes of a message -> samples.

The forms, all JSON (see "Wire" in the documentation):

* one sample          ``{"ts": 1700000000.12, "acc_x": 0.01, "session": "run-7"}``
* a list of samples   ``[{...}, {...}]``
* columns             ``{"ts": [...], "acc_x": [...]}``
* ThingsBoard         ``{"ts": 1700000000120, "values": {"acc_x": 0.01}}`` and lists of it

Nested objects are flattened with dots, null is missing, true and false are 1 and 0. Without
``ts`` a single sample gets its arrival; several are refused, for their spacing is unknown. Of a
key given twice in one object the last counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, TypeAlias

import msgspec

from detector.ingest.fields import (
    RefusedPayloadError,
    check_numbers,
    feature_names,
    matrix,
    moments,
    session_label,
    shown,
)
from detector.records import Samples

MAX_BYTES = 1 << 20
MAX_SAMPLES = 100_000
MAX_DEPTH = 8  # objects within objects
RESERVED = frozenset({"ts", "session"})

Record: TypeAlias = dict[str, Any]  # numbers, null, text or lists of those, by dotted name

# One C pass that also settles the types: numbers are finite, lists hold numbers and null only.
_Leaf: TypeAlias = bool | int | float | str | None
_FLAT = msgspec.json.Decoder(dict[str, _Leaf | list[int | float | None]] | list[dict[str, _Leaf]])
_ANY = msgspec.json.Decoder()


def decode(payload: bytes, arrival: float) -> list[Samples]:
    """Read a message.

    Args:
        payload: JSON in one of the forms above, at most 1 MiB.
        arrival: UTC seconds, the ``ts`` of a single sample without one.

    Returns:
        Neighbours with the same features and session together; usually one element.

    Raises:
        PayloadError: One line with what, where, found and allowed.
    """
    if len(payload) > MAX_BYTES:
        raise RefusedPayloadError("size", f"payload: {len(payload)} bytes, allowed: {MAX_BYTES}")
    content = _parse(payload)
    if isinstance(content, list):
        return _from_list(content, arrival)
    if list in map(type, content.values()):
        return [_from_columns(content, arrival)]
    return [_block([content], arrival)]


def _parse(payload: bytes) -> Record | list[Record]:
    try:
        return _FLAT.decode(payload)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        content = _parse_any(payload)  # nesting, or something to refuse by name
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed(payload, error) from None
    return [_flat(item) for item in content] if isinstance(content, list) else _flat(content)


def _parse_any(payload: bytes) -> object:
    try:
        return _ANY.decode(payload)
    except RecursionError:
        raise _too_deep() from None
    except msgspec.ValidationError as error:
        line = f"payload: {error}, allowed: finite numbers"
        raise RefusedPayloadError("non-finite", line) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed(payload, error) from None


def _malformed(payload: bytes, error: Exception) -> RefusedPayloadError:
    if isinstance(error, UnicodeDecodeError):
        return RefusedPayloadError("json", "payload: not UTF-8, allowed: JSON in UTF-8")
    if b"NaN" in payload or b"Infinity" in payload:
        line = "payload: NaN or Infinity, allowed: finite numbers, null where one is missing"
        return RefusedPayloadError("non-finite", line)
    return RefusedPayloadError(
        "json", f"payload: {error}, allowed: a JSON object or a list of them"
    )


def _too_deep() -> RefusedPayloadError:
    return RefusedPayloadError(
        "nesting", f"payload: nested deeper than allowed: {MAX_DEPTH} levels"
    )


def _from_columns(record: Record, arrival: float) -> Samples:
    ts = record.pop("ts", None)
    session = session_label(record.pop("session", None))
    names = feature_names(tuple(record))
    n = _common_length(ts, record)
    if ts is None and n > 1:
        raise _no_spacing(n)
    column = [arrival] if ts is None else ts if isinstance(ts, list) else [ts]
    values = matrix(names, list(record.values()))
    return Samples(names, moments(column), values, session)


def _common_length(ts: object, columns: Record) -> int:
    n = len(ts) if isinstance(ts, list) else None if ts is None else 1
    for name, column in columns.items():
        if not isinstance(column, list):
            line = f"{shown(name)}: found {shown(column)} beside columns, allowed: a list"
            raise RefusedPayloadError("columns", line)
        n = len(column) if n is None else n
        if len(column) != n:
            line = f"{shown(name)}: found {len(column)} values, allowed: {n} as in the others"
            raise RefusedPayloadError("columns", line)
    return _checked_count(n or 0)


def _checked_count(n: int) -> int:
    if n == 0:
        raise RefusedPayloadError("empty", "payload: found no samples, allowed: at least one")
    if n > MAX_SAMPLES:
        raise RefusedPayloadError("samples", f"payload: {n} samples, allowed: up to {MAX_SAMPLES}")
    return n


def _no_spacing(n: int) -> RefusedPayloadError:
    return RefusedPayloadError(
        "time", f"ts: missing for {n} samples, allowed: a ts each, their spacing is unknown"
    )


def _from_list(records: list[Record], arrival: float) -> list[Samples]:
    n = _checked_count(len(records))
    if n > 1 and not all("ts" in record for record in records):
        raise _no_spacing(n)
    # neighbours become one block when they share their session and their names, in any order
    kin = groupby(records, key=lambda record: (record.get("session"), record.keys()))
    return [_block(list(block), arrival) for _, block in kin]


def _block(records: list[Record], arrival: float) -> Samples:
    first = records[0]
    names = feature_names(tuple(name for name in first if name not in RESERVED))
    rows = [[record[name] for record in records] for name in names]
    for name, row in zip(names, rows, strict=True):
        check_numbers(name, row)
    ts = [record["ts"] for record in records] if "ts" in first else [arrival]
    return Samples(names, moments(ts), matrix(names, rows), session_label(first.get("session")))


def _flat(content: object) -> Record:
    """One object with dotted names; a ThingsBoard object loses its ``values`` level."""
    if not isinstance(content, dict):
        line = f"payload: found {shown(content)}, allowed: an object or a list of objects"
        raise RefusedPayloadError("type", line)
    if isinstance(content.get("values"), dict) and content.keys() <= {"ts", "session", "values"}:
        content = {key: content[key] for key in content if key != "values"} | {
            "": content["values"]
        }
    record: Record = {}
    for name, leaf in _leaves(content, "", MAX_DEPTH):
        if name in record:
            raise RefusedPayloadError("names", f"{shown(name)}: found twice, allowed: once")
        record[name] = leaf
    return record


def _leaves(content: dict[str, object], prefix: str, depth: int) -> Iterator[tuple[str, object]]:
    if depth == 0:
        raise _too_deep()
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{name}." if name else "", depth - 1)
            continue
        if isinstance(value, list) and name != "ts":
            check_numbers(name, value)
        yield name, value
