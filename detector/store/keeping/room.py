"""What a store takes, and making room in it, a few rows in each transaction."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.archive import hours
from detector.store.archive.place import Place
from detector.store.connecting import file_of
from detector.store.history import rollups
from detector.store.keeping.deciding import ARCHIVE, HOT, Drop, Holding, Tier
from detector.store.schema import Engine, frames
from detector.store.upkeep.usage import bytes_of

FEW = 64  # rows or files that one transaction deletes
LEFT_FREE = 0.1  # of the disk, where no limit is set
BLOBS = ("ts", "sample_values", "reconstruction", "score", "mse")
PAGES = 50  # that are given back to the disk at once
WORTH_GIVING, REUSED = 0.02, 0.3  # of the file


def holding(store: Engine, kept_bytes: int) -> Holding:
    """What each tier takes.

    Args:
        store: Open.
        kept_bytes: Of files beside it that are never deleted for their size.
    """
    path = file_of(store)
    with store.connect() as connection:
        total, empty = bytes_of(connection, path)
        sizes, archive = rollups.sizes(connection), hours.size(connection)
        first = connection.execute(sa.select(sa.func.min(frames.c.arrival))).scalar()
    rolled = [Tier(name, sizes[width].bytes, sizes[width].oldest)
              for name, width in rollups.TIERS.items()]  # fmt: skip
    hot = Tier(HOT, max(total - empty - sum(tier.bytes for tier in rolled), 0), first)
    return Holding((Tier(ARCHIVE, archive.bytes, archive.oldest), hot, *rolled), kept_bytes)


def limit_of(store: Engine, size_gb: float | None, held: int) -> float:
    """Most bytes for everything; what is set, or what leaves a part of the disk free."""
    path = file_of(store)
    if size_gb is not None or path is None:
        return float("inf") if size_gb is None else size_gb * 1e9
    disk = shutil.disk_usage(Path(path).resolve().parent)
    return held + disk.free - LEFT_FREE * disk.total


def carry_out(store: Engine, place: Place, drop: Drop, may_go_on: Callable[[], bool]) -> int:
    """Delete what was decided, in small steps; returns about how many bytes.

    Raises:
        OSError: If a file of the archive cannot be deleted; the others are gone.
    """
    freed = 0
    while may_go_on() and (drop.bytes is None or freed < drop.bytes):
        step = _step(store, place, drop)
        if step is None:
            break
        freed += step
    return freed


def give_back(store: Engine, spare: float, may_go_on: Callable[[], bool]) -> None:
    """Let the file of an SQLite store shrink, a few pages in each transaction.

    Args:
        store: Open.
        spare: Bytes that may stay empty. Of the file ``REUSED`` may anyway, where that is less:
            the hour that comes needs the room of the one that was closed.
        may_go_on: Asked after each step.
    """
    if store.dialect.name != "sqlite":
        return
    with store.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        while _empty(connection) > _kept_empty(connection, spare):
            before = _empty(connection)
            driver.executescript(f"PRAGMA incremental_vacuum({PAGES})")  # all of its steps
            if _empty(connection) >= before or not may_go_on():
                return


def _kept_empty(connection: Connection, spare: float) -> float:
    """Pages that are not given back."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    return float(min(max(spare / size, WORTH_GIVING * pages), REUSED * pages))


def _empty(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())


def _step(store: Engine, place: Place, drop: Drop) -> int | None:
    """Bytes that one transaction has freed; None: there is nothing more."""
    if drop.tier == ARCHIVE:
        return _delete_files(store, place, drop.before)
    with store.begin() as connection:
        if drop.tier == HOT:
            return _delete_frames(connection, drop.before)
        return _delete_rollups(connection, rollups.TIERS[drop.tier], drop.before)


def _delete_files(store: Engine, place: Place, before: float | None) -> int | None:
    """Rows first: a file that a kill leaves is swept away at the next start."""
    with store.begin() as connection:
        due = [hour for hour in hours.oldest(connection, FEW)
               if before is None or hour.arrival < before]  # fmt: skip
        due = due if before is not None else due[:1]
        hours.forget(connection, [hour.path for hour in due])
    for hour in due:
        place.delete(hour.path)
    return sum(hour.bytes for hour in due) if due else None


def _delete_frames(connection: Connection, before: float | None) -> int | None:
    size = sum((sa.func.length(frames.c[name]) for name in BLOBS), start=sa.literal(0))
    query = sa.select(frames.c.id, size).order_by(frames.c.arrival).limit(FEW)
    if before is not None:
        query = query.where(frames.c.arrival < before)
    found = connection.execute(query).all()
    if not found:
        return None
    connection.execute(frames.delete().where(frames.c.id.in_([number for number, _ in found])))
    return sum(int(held) for _, held in found)


def _delete_rollups(connection: Connection, width_s: int, before: float | None) -> int | None:
    until = float("inf") if before is None else before
    size = rollups.bytes_before(connection, width_s, until, FEW)
    return size if rollups.delete_before(connection, width_s, until, FEW) else None
