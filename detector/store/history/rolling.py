"""Frames counted into rollups, each once, in any order and after any kill."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Frame
from detector.store import frames
from detector.store.history import rollups
from detector.store.history.buckets import joined, of_frames
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
        found = frames.committed_after(connection, device, before, limit)
        if not found:
            return 0
        rows = _rows(connection, device, found)  # a lock of SQLite is held for the writing alone
        connection.rollback()
        after = found[-1].frame_id
        assert after is not None
        if rollups.move_on(connection, device, before, after):
            rollups.write(connection, rows)
            connection.commit()
    return len(found)


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


def uncounted(connection: Connection, device: str, start: float, end: float) -> Iterator[Frame]:
    """Frames with samples from ``start`` to before ``end`` that no rollup has counted yet."""
    counted, is_more = rollups.counted_to(connection, device), True
    while is_more:
        found = frames.committed_after(connection, device, counted, AT_ONCE, start=start, end=end)
        yield from found
        is_more = len(found) == AT_ONCE
        counted = found[-1].frame_id or counted if found else counted


def _rows(connection: Connection, device: str, found: list[Frame]) -> list[dict[str, object]]:
    made, rows = of_frames(found, rollups.WIDTHS[0]), list[dict[str, object]]()
    for width_s in rollups.WIDTHS:
        made = joined([made], width_s)
        rows += rollups.rows_with(connection, device, width_s, made)
    return rows
