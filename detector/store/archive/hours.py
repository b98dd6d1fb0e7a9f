"""Which hours are in files: rows of the store that are written when the file is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Frame, Times, is_backlog
from detector.store.rows.stretches import stretches
from detector.store.schema import archived

Span = tuple[str, float, float]  # session, its first and newest sample


@dataclass(frozen=True, slots=True)
class ClosedHour:
    """A file of the archive.

    Attributes:
        path: Below the place of the archive.
        device: Name of the machine.
        start: Its first sample, UTC seconds.
        end: Its newest.
        n: Samples.
        bytes: Of the file.
        arrival: Of its newest sample, detector clock.
        features: Names of the columns.
        spans: What it holds of each session, its holes left out.
    """

    path: str
    device: str
    start: float
    end: float
    n: int
    bytes: int
    arrival: float
    features: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ArchiveSize:
    """What all files together hold; None where there is none."""

    bytes: int
    files: int
    samples: int
    oldest: float | None
    newest: float | None


def add(connection: Connection, hour: ClosedHour) -> None:
    """Note a file that is there."""
    row = {name: getattr(hour, name) for name in ClosedHour.__slots__}
    connection.execute(archived.insert().values(row))


def forget(connection: Connection, paths: Sequence[str]) -> None:
    """Note that files are to go."""
    connection.execute(archived.delete().where(archived.c.path.in_(paths)))


def known(connection: Connection) -> set[str]:
    """Paths of all files."""
    return set(connection.execute(sa.select(archived.c.path)).scalars())


def between(connection: Connection, device: str, start: float, end: float) -> list[ClosedHour]:
    """Files of a device with samples from ``start`` to before ``end``, in order of time."""
    query = sa.select(archived).where(
        archived.c.device == device, archived.c.start < end, archived.c.end >= start
    )
    return [_hour(row) for row in connection.execute(query.order_by(archived.c.start))]


def of_device(connection: Connection, device: str) -> list[ClosedHour]:
    """All files of a device, in order of time."""
    query = sa.select(archived).where(archived.c.device == device)
    return [_hour(row) for row in connection.execute(query.order_by(archived.c.start))]


def newest_session(closed: Sequence[ClosedHour]) -> str | None:
    """The live session whose samples arrived last; None: there is none."""
    live = [(hour.arrival, newest, session) for hour in closed
            for session, _, newest in hour.spans if not is_backlog(session)]  # fmt: skip
    return max(live)[2] if live else None


def oldest(connection: Connection, limit: int) -> list[ClosedHour]:
    """Those whose newest sample arrived first."""
    query = sa.select(archived).order_by(archived.c.arrival).limit(limit)
    return [_hour(row) for row in connection.execute(query)]


def extent(connection: Connection, device: str) -> tuple[float, float] | None:
    """First and newest sample of a device in files; None: there is none."""
    query = sa.select(sa.func.min(archived.c.start), sa.func.max(archived.c.end))
    first, newest = connection.execute(query.where(archived.c.device == device)).one()
    return None if first is None else (first, newest)


def size(connection: Connection) -> ArchiveSize:
    """All files together."""
    columns = (
        sa.func.sum(archived.c.bytes), sa.func.count(), sa.func.sum(archived.c.n),
        sa.func.min(archived.c.arrival), sa.func.max(archived.c.arrival),
    )  # fmt: skip
    total, files, samples, first, newest = connection.execute(sa.select(*columns)).one()
    return ArchiveSize(int(total or 0), files, int(samples or 0), first, newest)


def spans_of(found: Sequence[Frame]) -> tuple[Span, ...]:
    """What frames hold of each session, with its holes: what belongs there may come late."""
    parts: dict[str, list[Times]] = {}
    for frame in found:
        parts.setdefault(frame.session, []).append(frame.ts)
    return tuple(
        (session, first, newest)
        for session, times in parts.items()
        for first, newest in stretches(np.concatenate(times))
    )


def spans(
    connection: Connection, device: str, start: float, end: float
) -> Iterator[tuple[float, float]]:
    """First and newest sample of each stretch in files that overlaps a time."""
    for hour in between(connection, device, start, end):
        for _, first, newest in hour.spans:
            if first <= end and newest >= start:
                yield first, newest


def _hour(row: sa.Row[tuple[object, ...]]) -> ClosedHour:
    said = dict(row._mapping)
    spans_told = tuple((name, first, newest) for name, first, newest in said.pop("spans"))
    return ClosedHour(features=tuple(said.pop("features")), spans=spans_told, **said)
