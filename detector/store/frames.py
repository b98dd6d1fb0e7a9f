"""Frames in the store: written once, tailed in order of commit, read by time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import BACKLOG, Flags, Frame, Samples, Times, Values
from detector.store.postgresql import copying
from detector.store.rows.inserting import insert_all
from detector.store.rows.packing import unpacked
from detector.store.rows.rows import PACKED, array_of, frame_of, row_of
from detector.store.rows.stretches import stretches
from detector.store.schema import frames

IN_ORDER = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.frames'))"


def write(connection: Connection, blocks: Sequence[Frame]) -> int:
    """Store frames; a block already there (same device and start) is left as it is.

    Args:
        connection: Inside a transaction; the caller commits.
        blocks: Frames of any devices.

    Returns:
        How many were new.
    """
    if not blocks:
        return 0
    rows = [row_of(frame) for frame in blocks]
    if connection.dialect.name == "postgresql":
        # Viewers tail the numbers: none may be committed after a higher one of another detector.
        connection.exec_driver_sql(IN_ORDER)
        return copying.insert_new(connection, frames, rows)
    return insert_all(connection, frames, rows)


def newest_id(connection: Connection) -> int:
    """Number of the newest frame of any device, 0 when there is none."""
    return connection.execute(sa.select(sa.func.max(frames.c.id))).scalar() or 0


def after(
    connection: Connection, devices: Sequence[str], frame_id: int, limit: int = 1000
) -> list[Frame]:
    """Live frames of ``devices`` committed after ``frame_id``, in order of commit."""
    query = (
        sa.select(frames)
        .where(frames.c.device.in_(devices), frames.c.id > frame_id, _is_live())
        .order_by(frames.c.id)
        .limit(limit)
    )
    return [frame_of(row) for row in connection.execute(query)]


def recent(connection: Connection, device: str, seconds: float) -> list[Frame]:
    """The newest ``seconds`` of device time of the device's newest run of frames.

    Frames before a jump back of the device clock are not part of it.

    Returns:
        In order of commit; empty for an unknown device.
    """
    query = sa.select(frames).where(frames.c.device == device, _is_live())
    query = query.order_by(frames.c.id.desc())
    found: list[Frame] = []
    for row in connection.execute(query.execution_options(yield_per=50)):
        if found and (row.end > found[-1].ts[0] or row.end < found[0].ts[-1] - seconds):
            break
        found.append(frame_of(row))
    return found[::-1]


def newest_session(
    connection: Connection, device: str, first: int, newest: int
) -> tuple[list[Frame], list[Frame]]:
    """The ends of a device's newest session.

    Args:
        connection: To the store.
        device: Name of the machine.
        first: Samples wanted from its beginning.
        newest: Samples wanted from its end.

    Returns:
        Frames that hold at least so many samples, as far as the session has them, in order of
        time; both empty for an unknown device.
    """
    session = connection.execute(
        sa.select(frames.c.session)
        .where(frames.c.device == device, _is_live())
        .order_by(frames.c.id.desc())
        .limit(1)
    ).scalar()
    of_session = sa.select(frames).where(frames.c.device == device, frames.c.session == session)
    start = _read(connection, of_session.order_by(frames.c.id), first)
    tail = _read(connection, of_session.order_by(frames.c.id.desc()), newest)
    return start, tail[::-1]


def newest_live(connection: Connection, device: str) -> Frame | None:
    """The newest frame of a device's live samples; None for an unknown device."""
    query = sa.select(frames).where(frames.c.device == device, _is_live())
    row = connection.execute(query.order_by(frames.c.id.desc()).limit(1)).first()
    return None if row is None else frame_of(row)


def spans(
    connection: Connection, device: str, start: float, end: float
) -> list[tuple[float, float]]:
    """First and last time of each stretch of a device in a frame that overlaps ``start``..``end``.

    A hole within merged frames is none of them.
    """
    merged = sa.case((frames.c.packing == PACKED, frames.c.ts))
    query = (
        sa.select(frames.c.start, frames.c.end, frames.c.n, merged.label("merged"))
        .where(frames.c.device == device, frames.c.start <= end, frames.c.end >= start)
        .order_by(frames.c.start)
    )
    found: list[tuple[float, float]] = []
    for first, last, n, ts in connection.execute(query):
        found += [(first, last)] if ts is None else stretches(unpacked(ts, "<f8", (n,)))
    return found


def _is_live() -> sa.ColumnElement[bool]:
    """Not sent after its time, beside the live samples."""
    return ~frames.c.session.like(f"%{BACKLOG}#%")


def _read(connection: Connection, query: sa.Select[Any], samples: int) -> list[Frame]:
    rows = connection.execute(query.execution_options(yield_per=50))
    found = enough(map(frame_of, rows), samples)
    rows.close()
    return found


def enough(found: Iterable[Frame], samples: int) -> list[Frame]:
    """The first frames that hold so many samples together, or all; no more are asked for."""
    taken: list[Frame] = []
    rest, count = iter(found), 0
    while count < samples and (frame := next(rest, None)) is not None:
        taken.append(frame)
        count += len(frame.ts)
    return taken


def between(connection: Connection, device: str, start: float, end: float) -> list[Frame]:
    """Frames of a device that overlap ``start``..``end`` of device time, in order of commit."""
    query = (
        sa.select(frames)
        .where(frames.c.device == device, frames.c.start <= end, frames.c.end >= start)
        .order_by(frames.c.id)
    )
    return [frame_of(row) for row in connection.execute(query)]


def extent(connection: Connection, device: str) -> tuple[float, float] | None:
    """First and newest sample of a device, UTC seconds; None when none is stored."""
    query = sa.select(sa.func.min(frames.c.start), sa.func.max(frames.c.end))
    first, newest = connection.execute(query.where(frames.c.device == device)).one()
    return None if first is None else (first, newest)


def next_start(connection: Connection, device: str, after: float) -> float | None:
    """Start of a device's first frame that begins from ``after`` on; None: none does."""
    query = sa.select(sa.func.min(frames.c.start))
    found = query.where(frames.c.device == device, frames.c.start >= after)
    return connection.execute(found).scalar()


def amount(
    connection: Connection, device: str, start: float, end: float
) -> tuple[float, float, int] | None:
    """First and newest sample, and how many, of live frames within ``start``..``end``, or None."""
    query = sa.select(
        sa.func.min(frames.c.start), sa.func.max(frames.c.end), sa.func.sum(frames.c.n)
    ).where(frames.c.device == device, frames.c.start >= start, frames.c.end < end, _is_live())
    first, newest, samples = connection.execute(query).one()
    return None if first is None else (first, newest, int(samples))


def features_between(
    connection: Connection, device: str, start: float, end: float
) -> tuple[tuple[str, ...], int]:
    """All features of a device's frames of a time, oldest first, and the number of its samples."""
    features = sa.cast(frames.c.features, sa.Text)  # PostgreSQL cannot group JSON
    query = (
        sa.select(features, sa.func.sum(frames.c.n))
        .where(frames.c.device == device, frames.c.start < end, frames.c.end >= start)
        .group_by(features)
        .order_by(sa.func.min(frames.c.start))
    )
    rows = connection.execute(query).all()
    names = dict.fromkeys(name for text, _ in rows for name in msgspec.json.decode(text))
    return tuple(names), sum(n for _, n in rows)


def stream_between(
    connection: Connection, device: str, start: float, end: float
) -> Iterator[Frame]:
    """Frames of a device with samples from ``start`` to before ``end``, in order of time.

    Read a few at a time, however many there are.
    """
    query = (
        sa.select(frames)
        .where(frames.c.device == device, frames.c.start < end, frames.c.end >= start)
        .order_by(frames.c.start)
    )
    for row in connection.execute(query.execution_options(yield_per=200)):
        yield frame_of(row)


def scores_between(
    connection: Connection, device: str, start: float, end: float
) -> list[tuple[Times, Values, Flags]]:
    """Times, scores and what was judged of live frames that overlap ``start``..``end``."""
    names = ("n", "features", "packing", "ts", "score", "judged")
    query = (
        sa.select(*(frames.c[name] for name in names))
        .where(frames.c.device == device, frames.c.start < end, frames.c.end >= start, _is_live())
        .order_by(frames.c.start)
    )
    return [
        (array_of(row, "ts"), array_of(row, "score"), array_of(row, "judged").astype(np.bool_))
        for row in connection.execute(query.execution_options(yield_per=200))
    ]


def names_in(found: Iterable[Frame]) -> tuple[str, ...]:
    """Features of any of the frames, each once, in the order they come."""
    return tuple(dict.fromkeys(name for frame in found for name in frame.features))


def joined(found: Sequence[Frame], features: tuple[str, ...]) -> Samples:
    """The samples of consecutive frames, with these features; what a frame has not is missing."""
    parts = [Samples(f.features, f.ts, f.values).with_features(features) for f in found]
    ts = np.concatenate([part.ts for part in parts])
    return Samples(features, ts, np.concatenate([part.values for part in parts]))
