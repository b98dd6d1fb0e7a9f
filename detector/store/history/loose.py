"""Frames summed up as they lie in the store, without making each: they are many, and small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.history.buckets import Buckets, joined, singles
from detector.store.rows.packing import unpacked
from detector.store.rows.rows import ARRAYS, PACKED
from detector.store.schema import frames

Column = npt.NDArray[Any]
_AFTER = (
    sa.select(
        frames.c.id, frames.c.n, sa.cast(frames.c.features, sa.Text).label("names"), frames.c.ts,
        frames.c.sample_values, frames.c.score, frames.c.judged, frames.c.threshold,
        frames.c.arrival, frames.c.packing,
    )
    .where(
        frames.c.device == sa.bindparam("device"), frames.c.id > sa.bindparam("number"),
        frames.c.end >= sa.bindparam("first"),
        frames.c.start + 0 < sa.bindparam("until"),  # found by number, not by the index of starts
    )
    .order_by(frames.c.id)
    .limit(sa.bindparam("most"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Committed:
    """Some frames of a device in order of commit.

    Attributes:
        buckets: Of their samples.
        frames: How many.
        newest: Number of the newest; 0 where there is none.
    """

    buckets: Buckets
    frames: int
    newest: int


def committed_after(
    connection: Connection,
    device: str,
    frame_id: int,
    limit: int,
    width_s: float,
    *,
    start: float = -math.inf,
    end: float = math.inf,
) -> Committed:
    """Frames of a device committed after ``frame_id``, late ones too, as buckets.

    Args:
        connection: To the store.
        device: Name of the machine.
        frame_id: Of the newest frame that is left out.
        limit: Frames at most.
        width_s: Of a bucket; 0: each sample its own.
        start: Frames with samples from there on, UTC seconds, as ``end``.
        end: To before there.
    """
    asked = {"device": device, "number": frame_id, "first": start, "until": end, "most": limit}
    found = connection.execute(_AFTER, asked).all()
    by_names: dict[str, list[sa.Row[Any]]] = {}
    for row in found:
        by_names.setdefault(row.names, []).append(row)
    made = joined([_singles(names, rows) for names, rows in by_names.items()], width_s)
    return Committed(made, len(found), found[-1].id if found else 0)


def _singles(names: str, rows: Sequence[sa.Row[Any]]) -> Buckets:
    features = tuple(msgspec.json.decode(names, type=list[str]))
    sizes = [row.n for row in rows]
    return singles(
        features,
        _column(rows, "ts"),
        _column(rows, "sample_values").reshape(-1, len(features)),
        _column(rows, "score"),
        _column(rows, "judged").astype(np.bool_),
        np.repeat([row.threshold for row in rows], sizes),
        np.repeat([row.arrival for row in rows], sizes),
    )


def _column(rows: Sequence[sa.Row[Any]], name: str) -> Column:
    """One column of all rows, flat."""
    kind = ARRAYS[name]
    return np.frombuffer(b"".join(_content(row, name, kind) for row in rows), kind)


def _content(row: sa.Row[Any], name: str, kind: str) -> bytes:
    content: bytes = getattr(row, name)
    if row.packing != PACKED:
        return content
    shape = (row.n, len(msgspec.json.decode(row.names))) if name == "sample_values" else (row.n,)
    return unpacked(content, kind, shape).tobytes()
