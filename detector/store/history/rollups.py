"""Rollups in the store: a row is a block of buckets of one device and width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from detector.store.history.buckets import Buckets, joined
from detector.store.history.packing import packed, unpacked
from detector.store.schema import rolled, rollups

TIERS = {"1s": 1, "1min": 60, "15min": 900}  # names and widths in seconds, each divides the next
WIDTHS = tuple(TIERS.values())
# Buckets of a row: 2 minutes, an hour, a day. Longer rows gain little room, and the newest row of
# each width is written again whenever samples come.
BLOCK = {1: 120, 60: 60, 900: 96}
AT_ONCE = 500  # blocks looked up in one query


@dataclass(frozen=True, slots=True)
class TierSize:
    """What the rollups of one width take.

    Attributes:
        bytes: Of their buckets.
        oldest: Arrival of the newest sample of the oldest block; None: there is none.
        newest: The same of the newest block.
    """

    bytes: int
    oldest: float | None
    newest: float | None


def counted_to(connection: Connection, device: str) -> int:
    """Number of the newest frame of a device that its rollups have counted, 0 for none.

    Frames up to it may be merged, moved or deleted; later ones only once they are counted too.
    """
    query = sa.select(rolled.c.frame_id).where(rolled.c.device == device)
    return connection.execute(query).scalar() or 0


def move_on(connection: Connection, device: str, before: int, after: int) -> bool:
    """Note that frames up to ``after`` are counted, if up to ``before`` they were.

    Returns:
        Whether it was so; else another one has counted them.
    """
    if not before:
        first = _insert(connection, rolled).on_conflict_do_nothing()
        connection.execute(first, {"device": device, "frame_id": 0})
    moved = rolled.update().where(rolled.c.device == device, rolled.c.frame_id == before)
    return connection.execute(moved.values(frame_id=after)).rowcount == 1


def rows_with(
    connection: Connection, device: str, width_s: int, new: Buckets
) -> list[dict[str, Any]]:
    """The rows that new buckets change, with them joined to what is stored.

    Args:
        connection: To the store; nothing is written.
        device: Name of the machine.
        width_s: Of a bucket.
        new: Of samples that are not counted yet.
    """
    by_block = dict(_by_block(new, width_s))
    found = _stored(connection, device, width_s, list(by_block))
    both = {
        start: joined([found[start], part], width_s) if start in found else part
        for start, part in by_block.items()
    }
    return [_row(device, width_s, start, buckets) for start, buckets in both.items()]


def write(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows in the place of those of the same block."""
    if not rows:
        return
    statement = _insert(connection, rollups)
    changed = {name: statement.excluded[name] for name in _CONTENT}
    key = ["device", "width_s", "start"]
    connection.execute(
        statement.on_conflict_do_update(index_elements=key, set_=changed), list(rows)
    )


def between(connection: Connection, device: str, width_s: int, start: float, end: float) -> Buckets:
    """Stored buckets of one width that begin from ``start`` to before ``end``.

    Args:
        connection: To the store.
        device: Name of the machine.
        width_s: One of ``WIDTHS``.
        start: UTC seconds, as ``end``.
        end: Not in it.
    """
    first = start - BLOCK[width_s] * width_s
    asked = {"device": device, "width_s": width_s, "first": first, "until": end}
    read = joined([_buckets(row) for row in connection.execute(_BETWEEN, asked)], 0)
    return read[(read.ts >= start) & (read.ts < end)]


def extent(connection: Connection, device: str) -> tuple[float, float] | None:
    """From when to when a device has rollups of any width, to a bucket; None: it has none."""
    spans = [_extent(connection, device, width_s) for width_s in WIDTHS]
    found = [span for span in spans if span is not None]
    return (min(a for a, _ in found), max(b for _, b in found)) if found else None


def next_start(connection: Connection, device: str, after: float) -> float | None:
    """Where the first block of any width that begins from ``after`` on begins; None: none does."""
    query = sa.select(sa.func.min(rollups.c.start))
    query = query.where(rollups.c.device == device, rollups.c.start >= after)
    starts = [
        connection.execute(query.where(rollups.c.width_s == width_s)).scalar() for width_s in WIDTHS
    ]
    return min((start for start in starts if start is not None), default=None)


def features_between(
    connection: Connection, device: str, start: float, end: float
) -> tuple[str, ...]:
    """All features of the blocks of a device that touch a time."""
    features = sa.cast(rollups.c.features, sa.Text)  # PostgreSQL cannot group JSON
    longest_s = max(BLOCK[width_s] * width_s for width_s in WIDTHS)
    query = sa.select(features).distinct().where(rollups.c.device == device)
    query = query.where(rollups.c.start > start - longest_s, rollups.c.start < end)
    found = (msgspec.json.decode(text) for (text,) in connection.execute(query))
    return tuple(dict.fromkeys(str(name) for names in found for name in names))


def sizes(connection: Connection) -> dict[int, TierSize]:
    """What each width takes, from an index alone."""
    arrival = rollups.c.arrival
    columns = (sa.func.sum(rollups.c.bytes), sa.func.min(arrival), sa.func.max(arrival))
    return {
        width_s: TierSize(int(size or 0), oldest, newest)
        for width_s in WIDTHS
        for size, oldest, newest in connection.execute(
            sa.select(*columns).where(rollups.c.width_s == width_s)
        )
    }


def bytes_before(connection: Connection, width_s: int, arrival: float, limit: int = AT_ONCE) -> int:
    """What ``delete_before`` would delete, bytes."""
    oldest = sa.select(rollups.c.bytes).where(*_before(width_s, arrival))
    few = oldest.order_by(rollups.c.arrival).limit(limit).subquery()
    return int(connection.execute(sa.select(sa.func.sum(few.c.bytes))).scalar() or 0)


def delete_before(
    connection: Connection, width_s: int, arrival: float, limit: int = AT_ONCE
) -> int:
    """Delete blocks of one width, the oldest first; returns how many.

    Those whose newest sample arrived before a time. By arrival as of frames: the clock of a device
    may be years off.

    Args:
        connection: Inside a transaction; the caller commits.
        width_s: One of ``WIDTHS``.
        arrival: UTC seconds.
        limit: Blocks at most, so that nobody waits long; call it again until it returns 0.
    """
    key = sa.tuple_(rollups.c.device, rollups.c.width_s, rollups.c.start)
    oldest = sa.select(rollups.c.device, rollups.c.width_s, rollups.c.start)
    oldest = oldest.where(*_before(width_s, arrival)).order_by(rollups.c.arrival).limit(limit)
    return int(connection.execute(rollups.delete().where(key.in_(oldest))).rowcount)


_BETWEEN = (
    sa.select(rollups)
    .where(rollups.c.device == sa.bindparam("device"))
    .where(rollups.c.width_s == sa.bindparam("width_s"))
    .where(rollups.c.start > sa.bindparam("first"), rollups.c.start < sa.bindparam("until"))
    .order_by(rollups.c.start)
)
_CONTENT = ("features", "n", "buckets", "bytes", "arrival")


def _before(width_s: int, arrival: float) -> tuple[sa.ColumnElement[bool], ...]:
    return rollups.c.width_s == width_s, rollups.c.arrival < arrival


def _of(device: str, width_s: int) -> sa.Select[Any]:
    of_device = rollups.c.device == device, rollups.c.width_s == width_s
    return sa.select(rollups).where(*of_device).order_by(rollups.c.start)


def _extent(connection: Connection, device: str, width_s: int) -> tuple[float, float] | None:
    query = _of(device, width_s).order_by(None)
    first = connection.execute(query.order_by(rollups.c.start).limit(1)).first()
    last = connection.execute(query.order_by(rollups.c.start.desc()).limit(1)).first()
    if first is None or last is None:
        return None
    return float(_buckets(first).ts[0]), float(_buckets(last).ts[-1]) + width_s


def _by_block(new: Buckets, width_s: int) -> Iterator[tuple[float, Buckets]]:
    block_s = BLOCK[width_s] * width_s
    starts = np.floor(new.ts / block_s) * block_s
    firsts = np.flatnonzero(np.diff(starts, prepend=-np.inf))
    for first, last in pairwise([*firsts, len(starts)]):
        yield float(starts[first]), new[first:last]


def _stored(
    connection: Connection, device: str, width_s: int, starts: list[float]
) -> dict[float, Buckets]:
    found = dict[float, Buckets]()
    for at in range(0, len(starts), AT_ONCE):
        query = _of(device, width_s).where(rollups.c.start.in_(starts[at : at + AT_ONCE]))
        found |= {row.start: _buckets(row) for row in connection.execute(query)}
    return found


def _row(device: str, width_s: int, start: float, buckets: Buckets) -> dict[str, Any]:
    content = packed(buckets, start, width_s)
    return {
        "device": device,
        "width_s": width_s,
        "start": start,
        "features": list(buckets.features),
        "n": len(buckets),
        "buckets": content,
        "bytes": len(content),
        "arrival": float(buckets.arrival.max()),
    }


def _buckets(row: sa.Row[Any]) -> Buckets:
    features = tuple(row.features)
    return unpacked(row.buckets, features, row.n, row.start, row.width_s, row.arrival)


def _insert(connection: Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that may meet a row that is there; both dialects write it alike."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
