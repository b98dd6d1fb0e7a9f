"""All at once what the upkeep does by and by, while no detector runs, and a file that shrinks."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from detector.store.archive import closing, hours
from detector.store.archive.place import place_at
from detector.store.connecting import SHRINKING, file_of
from detector.store.keeping.merging import ALL
from detector.store.keeping.rules import Rules
from detector.store.keeping.upkeep import Upkeep, closing_time
from detector.store.schema import Engine, frames
from detector.store.upkeep.usage import bytes_of

MARGIN = 2.1  # times what is stored, that SQLite writes beside the file while it shrinks

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Compacted:
    """What was done.

    Attributes:
        closed: Samples that went to the archive.
        before: Bytes of the database.
        after: The same, now.
        archive: Bytes of the archive, now.
        needed: Bytes that were missing on the disk for the file to shrink; 0: it did.
    """

    closed: int
    before: int
    after: int
    archive: int
    needed: int


def compact(
    store: Engine, archive: str, rules: Rules, now: float, tell: Tell, *, is_all: bool = False
) -> Compacted:
    """Do what is due.

    Args:
        store: Open; this process holds its lease.
        archive: Folder or URL of the archive.
        rules: How long what is kept.
        now: UTC seconds.
        tell: Called with samples closed and samples to close.
        is_all: Close everything up to the newest sample.

    Raises:
        OSError: If the archive cannot be written; what is closed by then stays so.
        StoreError: If the archive cannot be used.
    """
    keeper, before = Upkeep(store, archive, lambda: rules), _bytes(store)
    keeper.sweep()
    keeper.roll_all()
    keeper.merge_all(ALL)  # nobody looks while the lease is ours
    closed = _close(store, archive, math.inf if is_all else closing_time(now, rules.hot_s), tell)
    keeper.make_room(now)
    needed = shrink(store)
    with store.connect() as connection:
        held = hours.size(connection).bytes
    return Compacted(closed, before, _bytes(store), held, needed)


def _close(store: Engine, archive: str, before: float, tell: Tell) -> int:
    query = sa.select(sa.func.sum(frames.c.n)).where(frames.c.arrival < before)
    with store.connect() as connection:
        total = connection.execute(query).scalar() or 0
    place, done = place_at(archive), 0
    while closed := closing.close_next(store, place, before):
        done += closed
        tell(done, int(total))
    return done


def shrink(store: Engine) -> int:
    """Write the file anew; returns the bytes that are missing on the disk for it."""
    if store.dialect.name == "postgresql":
        with store.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("VACUUM FULL ANALYZE frames, rollups, archived")
        return 0
    path = file_of(store)
    if path is None:
        return 0
    with store.connect() as connection:
        total, empty = bytes_of(connection, path)
    missing = MARGIN * (total - empty) - shutil.disk_usage(path.resolve().parent).free
    if missing > 0:
        return int(missing)
    with store.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql(SHRINKING)
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return 0


def _bytes(store: Engine) -> int:
    with store.connect() as connection:
        return bytes_of(connection, file_of(store))[0]
