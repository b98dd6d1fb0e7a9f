"""What a store takes, and making room in it, a few rows in each transaction."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.archive import hours
from detector.store.archive.flights import FOLDER
from detector.store.archive.place import Place
from detector.store.connecting import file_of
from detector.store.history import rollups
from detector.store.keeping.deciding import ARCHIVE, HOT, Drop, Holding, Tier
from detector.store.schema import Engine, frames
from detector.store.upkeep.content import BESIDE_BYTES, BLOBS, content, ids, oldest_arrival
from detector.store.upkeep.usage import bytes_of, shares

FEW = 64  # files or rows of rollups that one transaction deletes
MANY, STEP_BYTES = 512, 2 << 20  # frames, or so much of them
LEFT_FREE = 0.1  # of what the store takes and the disk has free, where no limit is set
PAGES = 500  # that are given back to the disk at once
LOG_BYTES = 8_000_000  # of what SQLite writes ahead of its file, beyond which it is given back too
LOG_SHARE = 0.05  # of the limit, that is left for it at most
BUSY_MS = 50  # that this waits for others
WORTH_GIVING = 0.02  # of the file


def holding(store: Engine, place: Place, size_gb: float | None) -> Holding:
    """What each tier takes, and what is kept whatever it takes.

    Args:
        store: Open, of this version.
        place: Of the archive.
        size_gb: The limit that is set; None: it is the disk's, and only what lies on the disk of
            an SQLite store counts.
    """
    is_limited = size_gb is not None or is_beside(store, place)
    with store.connect() as connection:
        taken = _taken(connection, store)
        of_frames = content(connection, *ids(connection)).size
        parts, sizes = shares(connection, taken, of_frames), rollups.sizes(connection)
        files, oldest = hours.size(connection), oldest_arrival(connection)
    archive = Tier(ARCHIVE, files.bytes + parts.closed, files.oldest, is_limited)
    rolled = [Tier(name, parts.rollups[width_s], sizes[width_s].oldest)
              for name, width_s in rollups.TIERS.items()]  # fmt: skip
    beside = sum(place.sizes(FOLDER).values()) if is_limited else 0
    return Holding((archive, Tier(HOT, parts.frames, oldest), *rolled), parts.kept + beside, beside)


def limit_of(store: Engine, size_gb: float | None, held: int) -> float:
    """Most bytes for everything: what is set, or a part of what it has and the disk has free.

    So a tenth stays free, and of a disk that others fill no more than that goes at once.
    """
    if size_gb is not None:
        return size_gb * 1e9
    path = file_of(store)
    if path is None:
        return float("inf")
    return (1 - LEFT_FREE) * (held + shutil.disk_usage(path.resolve().parent).free)


def is_over(store: Engine, place: Place, size_gb: float | None, beside: int) -> bool:
    """Whether there is no room for more, from sums alone.

    Args:
        store: Open.
        place: Of the archive.
        size_gb: See ``holding``.
        beside: Bytes of flight records that count.
    """
    with store.connect() as connection:
        taken, archive = _taken(connection, store), hours.size(connection).bytes
    is_limited = size_gb is not None or is_beside(store, place)
    taken += beside + (archive if is_limited else 0)
    limit = limit_of(store, size_gb, taken)
    return taken > limit - ahead_of(store, limit)


def ahead_of(store: Engine, limit: float) -> float:
    """Bytes that SQLite may write ahead of its file at any moment, and has not yet."""
    log = _log(file_of(store))
    return max(min(LOG_BYTES, LOG_SHARE * limit) - (log.stat().st_size if log else 0), 0)


def _taken(connection: Connection, store: Engine) -> int:
    """Of the database on the disk; what is empty counts where it can be given back."""
    total, empty = bytes_of(connection, file_of(store))
    is_sqlite = connection.dialect.name == "sqlite"
    can_shrink = is_sqlite and connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() != 0
    return total if can_shrink else total - empty


def is_beside(store: Engine, place: Place) -> bool:
    """Whether the archive lies on the disk of an SQLite store."""
    path = file_of(store)
    return path is not None and place.device() == path.resolve().parent.stat().st_dev


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


def give_back(store: Engine, may_go_on: Callable[[], bool]) -> None:
    """Let the file of an SQLite store shrink, a little at a time, while much of it is empty."""
    if store.dialect.name != "sqlite":
        return
    with store.connect() as connection:
        while (free := _worth_giving(connection)) and may_go_on():
            _run(connection, f"PRAGMA incremental_vacuum({PAGES})")
            if _worth_giving(connection) == free:
                break  # made before files could shrink, or read as of a moment before by somebody


def _worth_giving(connection: Connection) -> int:
    """Empty pages, where they are many; 0: they are soon used again."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    connection.rollback()
    return int(free) if free > WORTH_GIVING * pages else 0


def shorten(store: Engine) -> None:
    """Cut off what SQLite writes ahead of its file where it is long, unless somebody needs it.

    It goes by itself when no one reads for a moment; beside sustained writing that may not be.
    """
    log = _log(file_of(store))
    if log is None or log.stat().st_size <= LOG_BYTES:
        return
    with store.connect() as connection:
        before = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")
        try:
            _run(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={before}")


def _log(path: Path | None) -> Path | None:
    """What SQLite writes ahead of a file; None: there is none."""
    log = None if path is None else path.with_name(f"{path.name}-wal")
    return log if log is not None and log.exists() else None


def _run(connection: Connection, pragma: str) -> None:
    """To its end, which a step of the driver's is not."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(pragma).fetchall()
    connection.commit()


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
    size = sum((sa.func.length(frames.c[name]) for name in BLOBS), start=sa.literal(BESIDE_BYTES))
    query = sa.select(frames.c.id, size).order_by(frames.c.arrival).limit(MANY)
    if before is not None:
        query = query.where(frames.c.arrival < before)
    found = connection.execute(query).all()
    if not found:
        return None
    ends = accumulate(int(held) for _, held in found)
    due = [(number, end) for (number, _), end in zip(found, ends, strict=True)]
    due = [one for one in due if one[1] <= STEP_BYTES] or due[:1]
    connection.execute(frames.delete().where(frames.c.id.in_([number for number, _ in due])))
    return due[-1][1]


def _delete_rollups(connection: Connection, width_s: int, before: float | None) -> int | None:
    until = float("inf") if before is None else before
    size = rollups.bytes_before(connection, width_s, until, FEW)
    return size if rollups.delete_before(connection, width_s, until, FEW) else None
