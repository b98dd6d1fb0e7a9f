"""Frames in the store: written once, tailed in order of commit, read by time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import BACKLOG, Frame, Samples
from detector.store.postgresql import copying, partitions
from detector.store.schema import frames


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
        return copying.insert_new(connection, frames, rows)
    return connection.execute(frames.insert().prefix_with("OR IGNORE"), rows).rowcount


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
    return [_frame(row) for row in connection.execute(query)]


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
        found.append(_frame(row))
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
    start = _enough(connection, of_session.order_by(frames.c.id), first)
    tail = _enough(connection, of_session.order_by(frames.c.id.desc()), newest)
    return start, tail[::-1]


def newest_live(connection: Connection, device: str) -> Frame | None:
    """The newest frame of a device's live samples; None for an unknown device."""
    query = sa.select(frames).where(frames.c.device == device, _is_live())
    row = connection.execute(query.order_by(frames.c.id.desc()).limit(1)).first()
    return None if row is None else _frame(row)


def spans(
    connection: Connection, device: str, start: float, end: float
) -> list[tuple[float, float]]:
    """First and last time of each frame of a device that overlaps ``start``..``end``."""
    query = (
        sa.select(frames.c.start, frames.c.end)
        .where(frames.c.device == device, frames.c.start <= end, frames.c.end >= start)
        .order_by(frames.c.start)
    )
    return [(row.start, row.end) for row in connection.execute(query)]


def _is_live() -> sa.ColumnElement[bool]:
    """Not sent after its time, beside the live samples."""
    return ~frames.c.session.like(f"%{BACKLOG}#%")


def _enough(connection: Connection, query: sa.Select[Any], samples: int) -> list[Frame]:
    found: list[Frame] = []
    rows = connection.execute(query.execution_options(yield_per=50))
    for row in rows:
        if sum(len(frame.ts) for frame in found) >= samples:
            break
        found.append(_frame(row))
    rows.close()
    return found


def between(connection: Connection, device: str, start: float, end: float) -> list[Frame]:
    """Frames of a device that overlap ``start``..``end`` of device time, in order of commit."""
    query = (
        sa.select(frames)
        .where(frames.c.device == device, frames.c.start <= end, frames.c.end >= start)
        .order_by(frames.c.id)
    )
    return [_frame(row) for row in connection.execute(query)]


def extent(connection: Connection, device: str) -> tuple[float, float] | None:
    """First and newest sample of a device, UTC seconds; None when none is stored."""
    query = sa.select(sa.func.min(frames.c.start), sa.func.max(frames.c.end))
    first, newest = connection.execute(query.where(frames.c.device == device)).one()
    return None if first is None else (first, newest)


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
        yield _frame(row)


def names_in(found: Iterable[Frame]) -> tuple[str, ...]:
    """Features of any of the frames, each once, in the order they come."""
    return tuple(dict.fromkeys(name for frame in found for name in frame.features))


def joined(found: Sequence[Frame], features: tuple[str, ...]) -> Samples:
    """The samples of consecutive frames, with these features; what a frame has not is missing."""
    parts = [Samples(f.features, f.ts, f.values).with_features(features) for f in found]
    ts = np.concatenate([part.ts for part in parts])
    return Samples(features, ts, np.concatenate([part.values for part in parts]))


def delete_before(connection: Connection, arrival: float, now: float) -> None:
    """Delete frames that arrived before ``arrival`` (UTC seconds); in PostgreSQL by whole days.

    There it makes the partitions of the next days too.
    """
    if connection.dialect.name == "postgresql":
        partitions.drop_before(connection, arrival, now)
        partitions.make_ahead(connection, now)
        return
    connection.execute(frames.delete().where(frames.c.arrival < arrival))


def row_of(frame: Frame) -> dict[str, Any]:
    """The columns of a frame."""
    return {
        "device": frame.device,
        "start": float(frame.ts[0]),
        "end": float(frame.ts[-1]),
        "session": frame.session,
        "n": len(frame.ts),
        "features": list(frame.features),
        "ts": frame.ts.astype("<f8").tobytes(),
        "sample_values": frame.values.astype("<f4").tobytes(),
        "reconstruction": frame.reconstruction.astype("<f4").tobytes(),
        "score": frame.score.astype("<f4").tobytes(),
        "mse": frame.mse.astype("<f4").tobytes(),
        "judged": frame.judged.astype("u1").tobytes(),
        "threshold": frame.threshold,
        "contributions": frame.contributions.astype("<f4").tobytes(),
        "arrival": frame.arrival,
    }


def _frame(row: sa.Row[Any]) -> Frame:
    shape = (row.n, len(row.features))
    return Frame(
        device=row.device,
        session=row.session,
        features=tuple(row.features),
        ts=np.frombuffer(row.ts, "<f8"),
        values=np.frombuffer(row.sample_values, "<f4").reshape(shape),
        reconstruction=np.frombuffer(row.reconstruction, "<f4").reshape(shape),
        score=np.frombuffer(row.score, "<f4"),
        mse=np.frombuffer(row.mse, "<f4"),
        judged=np.frombuffer(row.judged, "u1").astype(np.bool_),
        threshold=row.threshold,
        contributions=np.frombuffer(row.contributions, "<f4"),
        arrival=row.arrival,
        frame_id=row.id,
    )
