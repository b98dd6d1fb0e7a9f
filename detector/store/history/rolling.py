"""Frames counted into rollups, each once, in any order and after any kill."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.history import rollups
from detector.store.history.buckets import Buckets, joined
from detector.store.history.loose import committed_after
from detector.store.schema import Engine
from detector.store.schema import frames as table

AT_ONCE = 500  # frames counted in one transaction


def roll(store: Engine, device: str, limit: int = AT_ONCE) -> int:
    """Count the next frames of a device into its rollups, in a transaction of its own.

    Frames are numbered as they are committed, and the number up to which they are counted is
    moved on in the same transaction: a frame counts once, whenever it comes, wherever it belongs.

    Args:
        store: Open.
        device: Name of the machine.
        limit: Frames at most.

    Returns:
        How many were counted.
    """
    with store.connect() as connection:
        before = rollups.counted_to(connection, device)
        found = committed_after(connection, device, before, limit, rollups.WIDTHS[0])
        if not found.frames:
            return 0
        rows = _rows(connection, device, found.buckets)
        connection.rollback()  # a lock of SQLite is held for the writing alone
        if rollups.move_on(connection, device, before, found.newest):
            rollups.write(connection, rows)
            connection.commit()
    return found.frames


def stored_devices(connection: Connection) -> Iterator[str]:
    """Every device with frames, by name, without reading them."""
    name: str | None = ""
    query = sa.select(sa.func.min(table.c.device))
    while (name := connection.execute(query.where(table.c.device > name)).scalar()) is not None:
        yield name


def waiting(connection: Connection, device: str) -> int:
    """Frames of a device that its rollups have not counted yet."""
    counted = rollups.counted_to(connection, device)
    query = sa.select(sa.func.count()).where(table.c.device == device, table.c.id > counted)
    return int(connection.execute(query).scalar_one())


def uncounted(
    connection: Connection, device: str, width_s: float, start: float, end: float
) -> Iterator[Buckets]:
    """Frames with samples from ``start`` to before ``end`` that no rollup has counted yet."""
    counted, is_more = rollups.counted_to(connection, device), True
    while is_more:
        found = committed_after(connection, device, counted, AT_ONCE, width_s, start=start, end=end)
        yield found.buckets
        counted, is_more = found.newest, found.frames == AT_ONCE


def _rows(connection: Connection, device: str, made: Buckets) -> list[dict[str, object]]:
    rows = list[dict[str, object]]()
    for width_s in rollups.WIDTHS:
        made = joined([made], width_s)
        rows += rollups.rows_with(connection, device, width_s, made)
    return rows
