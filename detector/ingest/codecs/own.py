"""The quick way of our own JSON form: one sample, a list of them, or columns, all with ``ts``.

``{"ts": 1700000000.12, "acc_x": 0.01, "session": "run-7"}``, ``[{…}, {…}]``,
``{"ts": [...], "acc_x": [...]}``. Nothing is refused here: what is not exactly of this form, to
the last value, goes the way of all others.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, TypeAlias

import msgspec

from detector.ingest.messages.times import moments
from detector.ingest.messages.values import NUMBERS, feature_names, matrix, session_label
from detector.records import Samples

RESERVED = frozenset({"ts", "session"})
_PLAIN_NUMBERS = frozenset({int, float})

Record: TypeAlias = dict[str, Any]  # numbers, null, text or lists of numbers and null

# One C pass that also settles the types: numbers are finite, lists hold numbers and null only.
_Leaf: TypeAlias = bool | int | float | str | None
_FLAT = msgspec.json.Decoder(dict[str, _Leaf | list[int | float | None]] | list[dict[str, _Leaf]])


def read_own(payload: bytes) -> list[Samples] | None:
    """Read a message of our own form; None when it is of another.

    Returns:
        Neighbours with the same features and session together; usually one element.

    Raises:
        RefusedPayloadError: If a number, a time or a name is out of its range.
    """
    try:
        content = _FLAT.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(content, dict):
        return _one(content)
    if not content or not all(map(_is_sample, content)):
        return None
    # neighbours become one block when they share their session and their names, in any order
    kin = groupby(content, key=lambda record: (record.get("session"), record.keys()))
    return [_block(list(block)) for _, block in kin]


def _one(content: Record) -> list[Samples] | None:
    if _is_sample(content):
        return [_block([content])]
    return _columns(content) if type(content.get("ts")) is list else None


def _is_sample(record: Record) -> bool:
    if type(record.get("ts")) not in _PLAIN_NUMBERS or len(record) < 2:
        return False
    kinds = set(map(type, record.values()))
    if kinds <= NUMBERS:
        return True
    return kinds <= NUMBERS | {str} and all(
        name == "session" for name, value in record.items() if type(value) is str
    )


def _block(records: list[Record]) -> Samples:
    first = records[0]
    names = feature_names(tuple(name for name in first if name not in RESERVED))
    rows = [[record[name] for record in records] for name in names]
    ts = moments([record["ts"] for record in records])
    return Samples(names, ts, matrix(names, rows), session_label(first.get("session")))


def _columns(content: Record) -> list[Samples] | None:
    ts = content["ts"]
    columns = {name: column for name, column in content.items() if name not in RESERVED}
    is_table = ts and columns and _PLAIN_NUMBERS.issuperset(map(type, ts))
    if not is_table or any(
        type(column) is not list or len(column) != len(ts) for column in columns.values()
    ):
        return None
    names = feature_names(tuple(columns))
    session = session_label(content.get("session"))
    return [Samples(names, moments(ts), matrix(names, list(columns.values())), session)]
