"""An hour of a device leaves the tables: its file is written, then its frames are deleted.

The file is on the disk before one transaction notes it and deletes the frames. A kill before that
leaves a file that nobody knows, which the next start deletes, or writes again under the same name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Flags, Frame
from detector.store.archive import hours, parquet
from detector.store.archive.hours import ClosedHour
from detector.store.archive.paths import HOUR_S, hour_of, path_of
from detector.store.archive.place import Place
from detector.store.rows.rows import PACKED, frame_of
from detector.store.schema import Engine, alarms, frames

AROUND_S = 60.0  # before and after an alarm, reconstructions are kept
# Of a file, an hour may have several: one transaction deletes its frames within some milliseconds.
MOST_SAMPLES, MOST_FRAMES = 400_000, 2000


def close_next(store: Engine, place: Place, before: float) -> int:
    """Close the oldest hour of some device, or a part of it.

    Args:
        store: Open.
        place: Of the archive.
        before: Frames that arrived earlier are closed, once they are merged; UTC seconds.

    Returns:
        Samples that are in a file now; 0: there is nothing to close.

    Raises:
        OSError: If the file cannot be written; nothing has changed then.
    """
    with store.connect() as connection:
        found = _next(connection, before)
        if not found:
            return 0
        kept = _around_alarms(connection, found)
        connection.rollback()
        content = parquet.write(found, kept)
        hour = _hour(found, len(content))
        place.write(hour.path, content)
        numbers = [frame.frame_id for frame in found]
        deleted = connection.execute(frames.delete().where(frames.c.id.in_(numbers))).rowcount
        if deleted != len(numbers):  # another one has moved some meanwhile
            connection.rollback()
            return 0
        hours.add(connection, hour)
        connection.commit()
    return hour.n


def sweep(store: Engine, place: Place) -> int:
    """Delete what a kill has left: files that nobody knows; returns how many.

    Raises:
        OSError: If the archive cannot be listed.
    """
    with store.connect() as connection:
        known = hours.known(connection)
    strange = [path for path in place.paths() if _is_left(path, known)]
    for path in strange:
        place.delete(path)
    return len(strange)


def _is_left(path: str, known: set[str]) -> bool:
    """Only where hours lie: other files there are somebody's."""
    return path.startswith("device=") and path not in known


def _next(connection: Connection, before: float) -> list[Frame]:
    """Frames of the oldest hour, all with the same features, in order of time."""
    oldest = connection.execute(
        sa.select(frames.c.device, frames.c.start, sa.cast(frames.c.features, sa.Text))
        .where(frames.c.arrival < before, frames.c.packing == PACKED)
        .order_by(frames.c.arrival)
        .limit(1)
    ).first()
    if oldest is None:
        return []
    device, start, features = oldest
    first = hour_of(start)
    query = sa.select(frames).where(
        frames.c.device == device, frames.c.start >= first, frames.c.start < first + HOUR_S,
        frames.c.arrival < before, frames.c.packing == PACKED,
        sa.cast(frames.c.features, sa.Text) == features,
    )  # fmt: skip
    query = query.order_by(frames.c.start).limit(MOST_FRAMES).execution_options(yield_per=50)
    found: list[Frame] = []
    samples = 0
    rows = connection.execute(query)
    for row in rows:
        found.append(frame_of(row))
        samples += row.n
        if samples >= MOST_SAMPLES:
            break
    rows.close()
    return found


def _hour(found: Sequence[Frame], size: int) -> ClosedHour:
    first, number = found[0], min(frame.frame_id or 0 for frame in found)
    return ClosedHour(
        path=path_of(first.device, hour_of(float(first.ts[0])), number),
        device=first.device,
        start=float(first.ts[0]),
        end=max(float(frame.ts[-1]) for frame in found),
        n=sum(len(frame.ts) for frame in found),
        bytes=size,
        arrival=max(frame.arrival for frame in found),
        features=first.features,
        spans=hours.spans_of(found),
    )


def _around_alarms(connection: Connection, found: Sequence[Frame]) -> Flags:
    """Shape (n,), True from a minute before an alarm of the device to a minute after."""
    ts = np.concatenate([frame.ts for frame in found])
    first, newest = float(ts.min()) - AROUND_S, float(ts.max()) + AROUND_S
    query = sa.select(alarms.c.start, alarms.c.end).where(
        alarms.c.device == found[0].device, alarms.c.start <= newest,
        sa.or_(alarms.c.end >= first, alarms.c.end.is_(None)),
    )  # fmt: skip
    kept = np.zeros(len(ts), np.bool_)
    for start, end in connection.execute(query):
        until = np.inf if end is None else end + AROUND_S
        kept |= (ts >= start - AROUND_S) & (ts <= until)
    return kept
