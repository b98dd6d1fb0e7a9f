"""Payloads changed: bits and bytes of any of them, keys and values of those that are documents."""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Callable
from typing import Any, TypeAlias

import cbor2
import msgspec

from detector.ingest.codecs.sparkplug_messages import Payload

Document: TypeAlias = Any
Mutation: TypeAlias = Callable[[random.Random, bytes, bytes], bytes]

TOKENS = [
    b"NaN", b"-Infinity", b"nan", b"null", b"1e999", b"-1e-999", b"9" * 400, b"9" * 5000, b"0x1",
    b"1_000", "٣".encode(), b"-", b'"', b"'", b"\\", b"\\u0000", b"\\ud800", b"\x00", b"\xff\xfe",
    b"\xed\xa0\x80", b"\xc0\x80", "\u2028".encode(), b"\r\n", b",", b";", b"=", b"#", b" ",
    b"{", b"[", b"}", b"]", b"{" * 60, b"[" * 2000, b'{"a":' * 300, b"\xef\xbb\xbf", b"\x1f\x8b",
    b"\xdd\xff\xff\xff\xff", b"\xdf\x7f\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xd9\xff",
    b"\x91" * 600, b"\x9b" + b"\xff" * 8, b"\xbb" + b"\xff" * 8, b"\x5b" + b"\x7f" * 8, b"\x9f",
    b"\xbf", b"\xd8\x1c", b"\xd8\x1d\x00", b"\xc2\x5a\x00\x00\x20\x00", b"\xfb\x7f\xf8" + b"\0" * 6,
    b"\xff" * 9 + b"\x01", b"\x12\xff\xff\xff\xff\x07", b"\x0a\x7f", b"\x08\x80",
]  # fmt: skip
NUMBERS = [
    0, -0.0, -1, 1e308, -1e308, 3.5e38, 1e-320, 2**63, 2**64, -(2**63), 10**30, 10**400, -(10**400),
    1_772_366_400, 1_772_366_400_123, 10**18, 7.3e9, 1e17, math.nan, math.inf, 1 << 31, 192,
]  # fmt: skip
WORDS = [
    "", "on", "nan", "21.5", "007", "1e5", "bad", "2026-03-01T12:00:00Z", "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-23:59", "1772366400", "9" * 300, "x/y", "{}", '{"a": 1}', "k" * 250,
]  # fmt: skip
KEYS = [
    "ts", "timestamp", "time", "t", "Timestamp", "session", "fs", "dt", "a", "b", "x", "id", "v",
    "value", "n", "name", "u", "bn", "bt", "bv", "vb", "q", "values", "data", "d", "fields", "tags",
    "metrics", "Messages", "Payload", "DataSetWriterId", "Value", "StatusCode", "Code", "Body",
    "SourceTimestamp", "end_device_ids", "device_id", "uplink_message", "decoded_payload",
    "frm_payload", "received_at", "deviceInfo", "devEui", "deviceName", "object", "objectJSON",
    "rxInfo", "", "A.b", "k" * 250, "\x00", "é",
]  # fmt: skip


def flipped(rng: random.Random, payload: bytes, _: bytes) -> bytes:
    """One to eight bits."""
    changed = bytearray(payload)
    for _bit in range(rng.randint(1, 8) if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_off(rng: random.Random, payload: bytes, _: bytes) -> bytes:
    """At any place."""
    return payload[: rng.randrange(len(payload) + 1)]


def cut_out(rng: random.Random, payload: bytes, _: bytes) -> bytes:
    """A piece missing."""
    first, last = _piece(rng, payload)
    return payload[:first] + payload[last:]


def repeated(rng: random.Random, payload: bytes, _: bytes) -> bytes:
    """A piece again and again."""
    first, last = _piece(rng, payload)
    return payload[:last] + payload[first:last] * rng.randint(1, 8) + payload[last:]


def spliced(rng: random.Random, payload: bytes, other: bytes) -> bytes:
    """The beginning of one and the end of another."""
    return payload[: rng.randrange(len(payload) + 1)] + other[rng.randrange(len(other) + 1) :]


def salted(rng: random.Random, payload: bytes, _: bytes) -> bytes:
    """With a token that some parser stumbles over, beside or in place of a piece."""
    first, last = _piece(rng, payload)
    return payload[:first] + rng.choice(TOKENS) + payload[rng.choice((first, last)) :]


def in_lines(rng: random.Random, payload: bytes, other: bytes) -> bytes:
    """Several, a line each."""
    return b"\n".join(rng.choices((payload, other), weights=(9, 1), k=rng.randint(2, 6)))


def packed(rng: random.Random, payload: bytes, _: bytes) -> bytes:
    """By gzip, sometimes with a bit flipped or an end missing."""
    whole = gzip.compress(payload, 1, mtime=0)
    return rng.choice((whole, flipped(rng, whole, b""), whole[:-5]))


def reworked(rng: random.Random, payload: bytes, other: bytes) -> bytes:
    """A document with some of its values replaced, in one of three formats."""
    try:
        document = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return salted(rng, payload, other)
    for _value in range(rng.randint(1, 3)):
        document = _replaced(rng, document)
    return encoded(rng, document)


MUTATIONS: dict[Mutation, int] = {
    flipped: 3, cut_off: 2, cut_out: 2, repeated: 2, spliced: 2, salted: 4, in_lines: 1, packed: 1,
    reworked: 8,
}  # fmt: skip


def mutated(rng: random.Random, payload: bytes, other: bytes) -> bytes:
    """Changed one to three times.

    Args:
        rng: What is drawn comes from it.
        payload: What is changed.
        other: Another one, to take pieces from.
    """
    for mutate in rng.choices(list(MUTATIONS), list(MUTATIONS.values()), k=rng.randint(1, 3)):
        payload = mutate(rng, payload, other)
    return payload


def encoded(rng: random.Random, document: Document) -> bytes:
    """A document in one of the formats that hold it."""
    encode = rng.choice((_as_json, _as_json, _as_messagepack, cbor2.dumps, _as_sparkplug))
    try:
        return encode(document)
    except (OverflowError, ValueError, cbor2.CBORError):  # an integer that it cannot hold
        return _as_json(document)


def _as_json(document: Document) -> bytes:
    return json.dumps(document).encode()


def _as_messagepack(document: Document) -> bytes:
    return msgspec.msgpack.encode(document)


def _as_sparkplug(document: Document) -> bytes:
    """Its keys as metrics, of the types that their values have."""
    payload = Payload()
    for alias, (key, value) in enumerate(document.items() if isinstance(document, dict) else ()):
        metric = payload.metrics.add(name=key, alias=alias, datatype=alias % 12)
        if isinstance(value, str):
            metric.string_value = value
        elif isinstance(value, int):
            metric.long_value = value & (2**64 - 1)
        elif isinstance(value, float):
            metric.double_value = metric.float_value = value
        else:
            metric.is_null = True
    content: bytes = payload.SerializeToString()
    return content


def _replaced(rng: random.Random, document: Document) -> Document:
    """The document with something else at one place, or one key more."""
    if isinstance(document, dict) and document and rng.random() < 0.8:
        key = rng.choice(list(document))
        return {**document, key: _replaced(rng, document[key])}
    if isinstance(document, list) and document and rng.random() < 0.8:
        at = rng.randrange(len(document))
        return [*document[:at], _replaced(rng, document[at]), *document[at + 1 :]]
    if isinstance(document, dict) and rng.random() < 0.5:
        return {**document, rng.choice(KEYS): rng.choice((*NUMBERS, *WORDS))}
    return rng.choice(
        (*NUMBERS, *WORDS, None, True, [], {}, [document], {rng.choice(KEYS): document})
    )


def _piece(rng: random.Random, payload: bytes) -> tuple[int, int]:
    """Where a piece begins and ends, more often a short one."""
    first = rng.randrange(len(payload) + 1)
    return first, min(len(payload), first + rng.choice((0, 1, 2, 4, 8, 32, 256)))
