"""The quick way of our own JSON form: one sample, a list of them, or columns, all with ``ts``.

``{"ts": 1700000000.12, "acc_x": 0.01, "session": "run-7"}``, ``[{…}, {…}]``,
``{"ts": [...], "acc_x": [...]}``. Nothing is refused here: what is not exactly of this form, to
the last value, goes the way of all others.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, TypeAlias

import msgspec
import numpy as np

from detector.ingest.messages.times import moment, moments, plain_moments
from detector.ingest.messages.values import NUMBERS, feature_names, matrix, session_label
from detector.records import Samples
from detector.vocabulary import LATEST

RESERVED = frozenset({"ts", "session"})
_PLAIN_NUMBERS = frozenset({int, float})
_LARGE = 3.4e38  # nearly the largest float32

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
    """A sample, or columns of them; what is left of ``content`` without its time."""
    ts, session = content.pop("ts", None), content.pop("session", None)
    if type(session) is list:
        return None
    if type(ts) is list:
        return _columns(ts, session, content)
    kinds = set(map(type, content.values()))
    if type(ts) not in _PLAIN_NUMBERS or not kinds <= NUMBERS:
        return None
    names, found = feature_names(tuple(content)), [*content.values()]
    if kinds <= _PLAIN_NUMBERS and 0 <= ts < LATEST and _LARGE > max(found) >= min(found) > -_LARGE:
        at, values = np.array([ts], np.float64), np.array([found], np.float32)  # as nearly always
    else:
        at, values = np.array([moment(ts)]), matrix(names, [[x] for x in found])
    return [Samples(names, at, values, _label(session))]


def _columns(ts: list[Any], session: object, content: Record) -> list[Samples] | None:
    n = len(ts)
    if not ts or not content or not _PLAIN_NUMBERS.issuperset(map(type, ts)):
        return None
    for column in content.values():
        if type(column) is not list or len(column) != n:
            return None
    names = feature_names(tuple(content))
    label = _label(session)
    return [Samples(names, plain_moments(ts), matrix(names, list(content.values())), label)]


def _label(session: object) -> str | None:
    return None if session is None else session_label(session)


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
