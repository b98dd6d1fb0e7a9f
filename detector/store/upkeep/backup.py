"""A consistent copy of an SQLite store, made while a detector writes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from detector.errors import StoreError
from detector.store.connecting import file_of, in_one_line, shown
from detector.store.schema import Engine

PAGES = 1024  # copied at once, so that progress shows
MARGIN_BYTES = 2**20  # that stays free beside the copy
UNFINISHED = ".faultline-part"  # ends the name of a copy that is being made
DEAD_S = 3600.0  # without a word written, and whoever made it was killed
SIDECARS = ("-wal", "-shm", "-journal")  # that SQLite keeps beside an open file

Tell = Callable[[int, int], None]


def silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def back_up(store: Engine, target: Path, *, force: bool = False, tell: Tell = silent) -> int:
    """Copy a store as it stands at this moment; what is committed meanwhile is not in it.

    Args:
        store: An open SQLite store; it may be written to meanwhile.
        target: The new file; it appears once it is whole, checked and on the disk.
        force: Replace it where it is there.
        tell: Called with pages copied and pages in all.

    Returns:
        Bytes of the copy.

    Raises:
        StoreError: If it is no SQLite store in a file, or the copy cannot be written.
    """
    source = _source(store)
    _refuse_target(source, target, force=force)
    unfinished = target.with_name(f".{target.name}{UNFINISHED}")
    _clear_away(target.parent)
    try:
        _refuse_full(store, target)
        _copy(store, unfinished, tell)
        _sync(unfinished)
        unfinished.replace(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"backup {target}: cannot be written: {reason}") from None
    finally:
        for ending in ("", *SIDECARS):
            unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)
    return target.stat().st_size


def refuse_not_copied(url: str) -> None:
    """Refuse a store that has means of its own, before anything is opened.

    Raises:
        StoreError: If it is one of PostgreSQL.
    """
    if url.startswith("postgresql"):
        raise StoreError(
            f"backup: {shown(url)} is no SQLite file, allowed: PostgreSQL's own "
            "`pg_dump --format=custom --file=FILE DATABASE`"
        )


def _source(store: Engine) -> Path:
    with in_one_line(store.url):
        path = file_of(store)
    if path is None:
        raise StoreError(
            f"backup: {shown(store.url)} is no file, allowed: a store in an SQLite file"
        )
    return path


def _refuse_target(source: Path, target: Path, *, force: bool) -> None:
    if not target.parent.is_dir():
        raise StoreError(f"backup {target}: no folder {target.parent}, allowed: one that exists")
    own = [source.resolve().with_name(source.name + ending) for ending in ("", *SIDECARS)]
    if target.resolve() in own:
        raise StoreError(f"backup {target}: it is the store itself, allowed: another file")
    is_other = target.exists() and not target.is_file()
    if is_other or (target.exists() and not force):
        allowed = "a file" if is_other else "another name, or --force to replace it"
        raise StoreError(f"backup {target}: exists, allowed: {allowed}")
    for ending in SIDECARS:  # of a database that is open; SQLite would take it for the copy's
        if (beside := target.with_name(target.name + ending)).exists():
            raise StoreError(f"backup {target}: found {beside.name} too, allowed: a closed file")


def _refuse_full(store: Engine, target: Path) -> None:
    with in_one_line(store.url), store.connect() as connection:
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "page_size")
        )
    needed, free = pages * size + MARGIN_BYTES, shutil.disk_usage(target.parent).free
    if needed > free:
        raise StoreError(
            f"backup {target}: needs {needed / 1e6:,.0f} MB, found {free / 1e6:,.0f} MB free, "
            "allowed: a disk with room"
        )


def _clear_away(folder: Path) -> None:
    """Delete what copies that were killed have left, to whatever name they were made."""
    for left in folder.glob(f".*{UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > DEAD_S:
                left.unlink()


def _copy(store: Engine, target: Path, tell: Tell) -> None:
    """Copy within one reading transaction, or each commit beside it would begin the copy anew."""
    target.unlink(missing_ok=True)
    with closing(store.raw_connection()) as pooled, closing(sqlite3.connect(target)) as copy:
        source = pooled.driver_connection
        assert isinstance(source, sqlite3.Connection)
        source.execute("BEGIN")
        try:
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy, pages=PAGES, progress=lambda _, left, all_: tell(all_ - left, all_))
        finally:
            source.rollback()
        [found] = copy.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise StoreError(f"backup {target}: the copy is damaged ({found}), as the store is")


def _sync(path: Path) -> None:
    """Have the disk write it."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
