"""Messages made to hurt: each form by its size, from a few bytes to the largest that is read.

A form takes a number of bytes to aim at and gives a payload; many answer to one weakness that
parsers are known for.
"""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable

import cbor2
import msgspec

from detector.ingest.codecs.sparkplug_messages import Payload

T = 1_772_366_400
Form = Callable[[int], bytes]


def repeated(unit: bytes, *, before: bytes = b"", after: bytes = b"") -> Form:
    """As often as the size allows."""
    return lambda n: before + unit * max(1, n // len(unit)) + after


def numbered(unit: str, *, before: str = "", after: str = "", joint: str = ",") -> Form:
    """As ``repeated``, with a number in each ``%d``."""
    n_marks = unit.count("%d")

    def form(n: int) -> bytes:
        times = max(1, n // (len(unit) + len(joint) + 3))
        return (before + joint.join(unit % ((i,) * n_marks) for i in range(times)) + after).encode()

    return form


def zipped(form: Form) -> Form:
    """The size is that of the unpacked payload."""
    return lambda n: gzip.compress(form(n), 6, mtime=0)


def cbor_string(n: int) -> bytes:
    """A header of a byte string and its bytes."""
    return b"\x5a" + struct.pack(">I", n) + b"\xff" * n


def laughs(n: int) -> bytes:
    """Shared values of shared values: few bytes, a million items."""
    width = max(2, min(200, n // 20))
    arrays = [b"\xd8\x1c\x98" + bytes([width]) + b"\x01" * width]
    arrays += [b"\xd8\x1c\x98" + bytes([width]) + bytes([0xD8, 0x1D, d]) * width for d in range(5)]
    return b"\x82\xa1\x61a" + arrays[0] + b"\xa1\x61b\x85" + b"".join(arrays[1:])


def echoes(n: int) -> bytes:
    """One long text, and references to it."""
    text = b"\x7a" + struct.pack(">I", n // 2) + b"x" * (n // 2)
    count = max(1, n // 8)
    return b"\xd9\x01\x00\xa2\x61a" + text + b"\x61b\x9a" + struct.pack(">I", count) + (
        b"\xd8\x19\x00" * count
    )  # fmt: skip


def metrics(n: int) -> bytes:
    """A birth of very many names."""
    payload = Payload(timestamp=T * 1000)
    for alias in range(max(1, n // 25)):
        payload.metrics.add(name=f"metric/{alias}", alias=alias, datatype=10, double_value=1.0)
    content: bytes = payload.SerializeToString()
    return content


def sparse(time: str) -> Form:
    """Each record another channel at another time: a table of mostly nothing."""

    def form(n: int) -> bytes:
        rows = [{time: T + i, f"c{i % 500}": 1} for i in range(max(1, n // 26))]
        return json.dumps(rows, separators=(",", ":")).encode()

    return form


def burst_of_constants(n: int) -> bytes:
    """A long array beside many single values, each of which holds for all of it."""
    half = max(1, n // 2)
    content: dict[str, object] = {f"c{i}": 1 for i in range(min(500, half // 8))}
    content |= {"ts": T, "fs": 1000, "x": [0] * (half // 2)}
    return json.dumps(content, separators=(",", ":")).encode()


def long_number(n: int) -> bytes:
    """A time of very many digits."""
    return b'{"ts": ' + b"9" * n + b', "a": 1}'


HOSTILE: dict[str, Form] = {
    # JSON
    "nested lists": repeated(b"["),
    "nested objects": repeated(b'{"a":'),
    "nested, closed": lambda n: b'{"a":' * (n // 6) + b"1" + b"}" * (n // 6),
    "lists in a list, closed": lambda n: b"[" * (n // 2) + b"]" * (n // 2),
    "a time of many digits": long_number,
    "an integer of 400 digits": lambda _: long_number(400),
    "a fraction of many digits": lambda n: b'{"ts": 1772366400.' + b"1" * n + b', "a": 1}',
    "a number as text": lambda n: b'{"ts": "' + b"9" * n + b'", "a": "' + b"1" * n + b'"}',
    "bare NaN and many digits": lambda n: b'{"a": NaN, "b": ' + b"9" * n + b"}",
    "bare NaN, nested": repeated(b"[", before=b'{"a": NaN, "b": '),
    "one key many times": repeated(b'"a":1,', before=b"{", after=b'"a":1}'),
    "many keys": numbered('"f%d":1', before='{"ts":1772366400,', after="}"),
    "many words": numbered('"f%d":"w"', before='{"ts":1772366400,"a":1,', after="}"),
    "a long key": lambda n: b'{"ts": 1772366400, "' + b"k" * n + b'": 1}',
    "a long key of a word": lambda n: b'{"a": 1, "' + b"k" * n + b'": "w"}',
    "a long word": lambda n: b'{"a": "' + b"w" * n + b'"}',
    "many empty objects": repeated(b"{},", before=b"[", after=b"{}]"),
    "many lines of nothing": repeated(b"{}\n"),
    "many samples without a time": repeated(b'{"a":"1"},', before=b"[", after=b'{"a":"1"}]'),
    "many samples, the last is none": numbered('{"ts":%d,"a":"1"}', before="[", after=",7]"),
    "a list of numbers": repeated(b"1,", before=b'{"ts":1,"a":[', after=b"1]}"),
    "columns of words": repeated(b'"w",', before=b'{"ts":1,"fs":9,"a":[', after=b'"w"]}'),
    "times as text": repeated(b'"x",', before=b'{"ts":[', after=b'"x"],"a":[1]}'),
    "a table of mostly nothing": sparse("time"),
    "a table of mostly nothing, our own form": sparse("ts"),
    "an array and many constants": burst_of_constants,
    "blanks": repeated(b" \t\r\n"),
    "names with values": numbered('{"n":"c%d","v":1}', before='{"ts":1,"m":[', after="]}"),
    "senml of many": numbered('{"n":"c%d","v":1}', before="[", after="]"),
    "thingsboard, many devices": numbered('"d%d":[{"ts":1,"values":{"a":1}}]', before="{",
                                          after="}"),
    "a gateway's rows, the last is none": numbered(
        '{"values":{"a":%d}}', before='{"d":[', after=',{"values":{"a":1},"ts":"x"}]}'
    ),
    "telegraf, deep tags": lambda n: (
        b'{"name":"m","fields":{"a":1},"tags":{"t":' + b"[" * (n // 2) + b"]" * (n // 2) + b"}}"
    ),
    # text
    "lines of one separator": repeated(b",\n"),
    "a row of separators": repeated(b",", before=b"ts,"),
    "quotes": repeated(b'"a"",', before=b"ts,a\n"),
    "newlines": repeated(b"\n"),
    "csv of many rows": repeated(b"1772366400,1,2,3\n", before=b"ts,a,b,c\n"),
    "csv, the last is short": repeated(b"1772366400,1,2,3\n", after=b"1,2\n"),
    "a time of many digits in a line": lambda n: b"m a=1 " + b"9" * n,
    "a line of tags": numbered("a%d=b", before="m,", after=" a=1 1"),
    "a line of a tag with a quote": repeated(b"9", before=b'm,a="', after=b" a=1"),
    "a line of fields": numbered("a%d=1i", before="m ", after=" x"),
    "a line of escapes": repeated(b"\\ ", before=b"m"),
    "a line of blanks": repeated(b" ", before=b"m a=1", after=b"x"),
    "an open quote": repeated(b'\\"', before=b'm a="'),
    "many points": numbered("m a=1 %d", joint="\n"),
    "comments": repeated(b"#\n"),
    "digits": repeated(b"9"),
    # MessagePack and CBOR
    "messagepack, lengths beyond": repeated(b"\xdd\x00\x0f\xff\xff"),
    "messagepack, arrays of 65535": repeated(b"\xdc\xff\xff"),
    "messagepack, maps of 65535": repeated(b"\xde\xff\xff"),
    "messagepack, one long map": repeated(b"\x01\x01", before=b"\xdf\xff\xff\xff\xff"),
    "messagepack, nested": repeated(b"\x91", after=b"\x01"),
    "messagepack, words": lambda n: msgspec.msgpack.encode({"a": ["w"] * (n // 2), "fs": 1}),
    "cbor, lengths beyond": repeated(b"\x9b\x00\x00\x00\x7f\xff\xff\xff\xff"),
    "cbor, endless arrays": repeated(b"\x9f"),
    "cbor, endless text": repeated(b"\x61a", before=b"\xa1\x61a\x7f"),
    "cbor, nested": repeated(b"\x81", after=b"\x01"),
    "cbor, nested tags": repeated(b"\xd8\x2a", after=b"\x80"),
    "cbor, a large integer": lambda n: b"\xa2\x62ts\xc2" + cbor_string(n) + b"\x61a\x01",
    "cbor, a large integer as key": lambda n: b"\xa1\xc2" + cbor_string(n) + b"\x01",
    "cbor, a large integer as device": lambda n: b"\xa2\x62id\xc2" + cbor_string(n) + b"\x61a\x01",
    "cbor, a large integer as session": lambda n: (
        b"\xa2\x67session\xc2" + cbor_string(n) + b"\x61a\x01"
    ),
    "cbor, a fraction": lambda n: (
        b"\xa1\x61a\xd8\x1e\x82\xc2" + cbor_string(n) + b"\xc2" + cbor_string(n)
    ),
    "cbor, a large exponent": lambda _: b"\xa1\x61a\xc5\x82\x3a\x7f\xff\xff\xff\x01",
    "cbor, a pattern": lambda n: cbor2.dumps({"a": cbor2.CBORTag(35, "(a*)*" * (n // 5))}),
    "cbor, a mail": lambda n: cbor2.dumps({"a": cbor2.CBORTag(36, "A: b\n" * (n // 5))}),
    "cbor, itself": lambda _: b"\xd8\x1c\xa1\x61a\xd8\x1d\x00",
    "cbor, shared values of shared values": laughs,
    "cbor, references to a text": echoes,
    # Sparkplug B
    "sparkplug, many metrics": metrics,
    "sparkplug, lengths beyond": repeated(b"\x12\xff\xff\xff\xff\x07"),
    "sparkplug, empty metrics": repeated(b"\x12\x00"),
    "sparkplug, groups": repeated(b"\x0b"),
    "sparkplug, a long number": repeated(b"\xff", before=b"\x08"),
    "sparkplug, words that are none": repeated(b"\x12\x09\x0a\x01a\x7a\x02\xff\xfe\x38\x00"),
    # packed
    "a bomb of blanks": lambda n: gzip.compress(b" " * (n * 64), mtime=0),
    "a packed bomb in a bomb": lambda n: gzip.compress(gzip.compress(b"[" * n), mtime=0),
    "packed, cut off": lambda n: gzip.compress(b'{"a": 1}' * (n // 8 + 1), mtime=0)[:-9],
    "packed, nested": zipped(repeated(b'{"a":')),
    "packed, many words": zipped(repeated(b'"w",', before=b'{"ts":1,"fs":9,"a":[', after=b'"w"]}')),
}  # fmt: skip
