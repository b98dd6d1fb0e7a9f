"""How many samples of which device a store holds, and their share of its bytes.

A large store is not read: 64 runs of frames, evenly spaced over it, stand for the rest. Devices
take turns in the order of commit, so a run holds all of them in proportion.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.schema import devices, frames

RUNS, RUN = 64, 256  # runs of so many frames are read; a store of fewer frames as a whole
BLOBS = ("ts", "sample_values", "reconstruction", "score", "mse", "judged", "contributions")
BESIDE_BYTES = 200  # of a frame beside its arrays: names, numbers, its place in the indexes


@dataclass(frozen=True)
class Content:
    """What frames hold.

    Attributes:
        samples: By device.
        sizes: Bytes of the arrays and what stands beside them, by device.
        is_exact: Whether every frame was read.
    """

    samples: dict[str, float]
    sizes: dict[str, float]
    is_exact: bool

    @property
    def size(self) -> float:
        """Of all devices."""
        return sum(self.sizes.values())


def ids(connection: Connection) -> tuple[int, int]:
    """First and last number of a frame; the last is before the first where there is none."""
    first = connection.execute(sa.select(sa.func.min(frames.c.id))).scalar() or 1
    return first, connection.execute(sa.select(sa.func.max(frames.c.id))).scalar() or 0


def first_since(connection: Connection, arrival: float) -> int | None:
    """Number of the first frame that arrived at a time or later; they are numbered as they come."""
    query = sa.select(frames.c.id).where(frames.c.arrival >= arrival)
    return connection.execute(query.order_by(frames.c.arrival).limit(1)).scalar()


def oldest_arrival(connection: Connection) -> float | None:
    """When the oldest frame came, UTC seconds; None: there is none."""
    return connection.execute(sa.select(sa.func.min(frames.c.arrival))).scalar()


def content(
    connection: Connection, first: int, last: int, only: sa.ColumnElement[bool] | None = None
) -> Content:
    """Samples and sizes among the frames numbered ``first`` to ``last``.

    Args:
        connection: To the store, of any version.
        first: Number of a frame.
        last: The same.
        only: Which of them count; None: all.
    """
    step = max(-(-(last - first + 1) // RUNS), 1)
    samples: dict[str, float] = {}
    sizes: dict[str, float] = {}
    for start in range(first, last + 1, step):
        stop = min(start + step, last + 1)
        end = min(start + RUN, stop)
        weight = (stop - start) / (end - start)
        for device, n, size in connection.execute(_run(start, end, only)):
            samples[device] = samples.get(device, 0.0) + n * weight
            sizes[device] = sizes.get(device, 0.0) + size * weight
    return Content(samples, sizes, is_exact=step <= RUN)


def _run(start: int, end: int, only: sa.ColumnElement[bool] | None) -> sa.Select[str, int, int]:
    size: sa.ColumnElement[int] = sa.literal(BESIDE_BYTES)
    for name in BLOBS:  # of which only the length is read
        size = size + sa.func.length(frames.c[name])
    return (
        sa.select(frames.c.device, sa.func.sum(frames.c.n), sa.func.sum(size))
        .where(frames.c.id >= start, frames.c.id < end, sa.true() if only is None else only)
        .group_by(frames.c.device)
    )


def spans(connection: Connection, found: Content) -> dict[str, tuple[float, float]]:
    """First and newest sample, UTC seconds, of every device with frames, by name."""
    known = {name for (name,) in connection.execute(sa.select(devices.c.device))}
    told = {name: _span(connection, name) for name in sorted(known | set(found.samples))}
    return {name: span for name, span in told.items() if span is not None}


def _span(connection: Connection, device: str) -> tuple[float, float] | None:
    """The newest sample is that of the frame that begins last, for which there is an index."""
    query = sa.select(frames.c.start, frames.c.end).where(frames.c.device == device)
    first = connection.execute(query.order_by(frames.c.start).limit(1)).first()
    newest = connection.execute(query.order_by(frames.c.start.desc()).limit(1)).first()
    return None if first is None or newest is None else (first.start, newest.end)
