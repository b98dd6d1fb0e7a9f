"""What a store takes, and making room in it, a few rows in each transaction."""

from __future__ import annotations

import math
import shutil
from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate

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
MANY, STEP_BYTES = 256, 1 << 20  # frames, or so much of them
GIVEN_BYTES = 400_000  # to the disk in one step: nobody else writes meanwhile
LEFT_FREE = 0.1  # of what the store takes and the disk has free, where no limit is set
LOG_BYTES = 16_000_000  # of what SQLite writes ahead of its file; see ``checkpoints.py``
LOG_SHARE = 0.05  # of the limit, that is left for it at most
WORTH_GIVING = 0.25  # of the file, where nobody needs the room


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
        used = _used(connection, store)[0]
        of_frames = content(connection, *ids(connection)).size
        parts, sizes = shares(connection, used, of_frames), rollups.sizes(connection)
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


def excess(store: Engine, place: Place, size_gb: float | None, beside: int) -> float:
    """Bytes that lie on the disk beyond what there is room for, from sums alone; <= 0: none.

    What is empty in the file counts where it can be given back, and so does what SQLite usually
    writes ahead of it.

    Args:
        store: Open.
        place: Of the archive.
        size_gb: See ``holding``.
        beside: Bytes of flight records that count.
    """
    with store.connect() as connection:
        used, empty = _used(connection, store)
        archive = hours.size(connection).bytes
    is_limited = size_gb is not None or is_beside(store, place)
    held = used + beside + (archive if is_limited else 0)
    return held + empty - room_in(limit_of(store, size_gb, held))


def room_in(limit: float) -> float:
    """Of a limit, what is left beside what SQLite writes ahead of its file."""
    return limit - min(LOG_BYTES, LOG_SHARE * limit)


def _used(connection: Connection, store: Engine) -> tuple[int, int]:
    """Bytes of a database with something in them, and empty ones that can be given back."""
    if connection.dialect.name != "sqlite":
        total, empty = bytes_of(connection, file_of(store))
        return total - empty, 0
    size, pages, free, can_shrink = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
        for name in ("page_size", "page_count", "freelist_count", "auto_vacuum")
    )
    return size * (pages - free), size * free if can_shrink else 0


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
        left = STEP_BYTES if drop.bytes is None else min(drop.bytes - freed, STEP_BYTES)
        step = _step(store, place, drop, left)
        if step is None:
            break
        freed += step
    return freed


def give_back(store: Engine, size: float, may_go_on: Callable[[], bool]) -> None:
    """Let the file of an SQLite store shrink by what is empty in it, a little at a time.

    What is empty is soon used again, so no more is given back than must be: each page of it costs
    another one that is written.

    Args:
        store: Open; others than SQLite do so by themselves.
        size: Bytes, at most.
        may_go_on: Asked between two steps.
    """
    while size > 0 and (given := _give_back(store, min(size, GIVEN_BYTES))) and may_go_on():
        size -= given


def shrink_slowly(store: Engine) -> None:
    """Give back one step of a file of which much is empty, however much room there is."""
    with store.connect() as connection:
        used, empty = _used(connection, store)
    if empty > WORTH_GIVING * used:
        _give_back(store, GIVEN_BYTES)


def _give_back(store: Engine, size: float) -> int:
    """One step; returns bytes, 0 where nothing is empty or somebody reads as of before."""
    with store.connect() as connection:
        page = int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
        before = _used(connection, store)[1]
        if not before:
            return 0
        _run(connection, f"PRAGMA incremental_vacuum({math.ceil(size / page)})")
        return before - _used(connection, store)[1]


def _run(connection: Connection, pragma: str) -> None:
    """To its end: as a statement the driver would end it after its first step, a single page."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executescript(pragma)


def _step(store: Engine, place: Place, drop: Drop, left: int) -> int | None:
    """Bytes that one transaction has freed; None: there is nothing more."""
    if drop.tier == ARCHIVE:
        return _delete_files(store, place, drop.before)
    with store.begin() as connection:
        if drop.tier == HOT:
            return _delete_frames(connection, drop.before, left)
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


def _delete_frames(connection: Connection, before: float | None, left: int) -> int | None:
    """The oldest frames that hold so many bytes, one at least."""
    size = sum((sa.func.length(frames.c[name]) for name in BLOBS), start=sa.literal(BESIDE_BYTES))
    query = sa.select(frames.c.id, size).limit(MANY)
    if before is None:  # by number, which no clock that is set back changes
        query = query.order_by(frames.c.id)
    else:
        query = query.where(frames.c.arrival < before).order_by(frames.c.arrival)
    found = connection.execute(query).all()
    if not found:
        return None
    ends = list(accumulate(int(held) for _, held in found))
    count = min(bisect_left(ends, left) + 1, len(ends))
    numbers = [number for number, _ in found[:count]]
    connection.execute(frames.delete().where(frames.c.id.in_(numbers)))
    return ends[count - 1]


def _delete_rollups(connection: Connection, width_s: int, before: float | None) -> int | None:
    until = float("inf") if before is None else before
    size = rollups.bytes_before(connection, width_s, until, FEW)
    return size if rollups.delete_before(connection, width_s, until, FEW) else None
