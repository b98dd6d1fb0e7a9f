"""What a store takes on its disk, and which part of it each kind of content has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.history import rollups
from detector.store.postgresql import session
from detector.store.schema import archived, frames, metadata
from detector.store.schema import rollups as rolled_up
from detector.store.upkeep.backup import SIDECARS
from detector.store.upkeep.content import content, ids

SPARE = 1.3  # times what rows hold, that a table of PostgreSQL takes with room for changes
BESIDE_BYTES = 100  # of a row beside its content: lengths, its place in the indexes
CLOSED_BYTES = 400  # of what is noted of one file of the archive
# Goes with what it is about; every other table is never dropped for its size.
GOING = {"frames", "rollups", "rolled", "archived"}


@dataclass(frozen=True, slots=True)
class Shares:
    """On the disk, bytes; together all that holds something.

    Attributes:
        frames: Loose and merged.
        rollups: By width in seconds.
        closed: What is noted of the files of the archive, not these themselves.
        kept: Alarms, commands, devices: what is never dropped for its size.
    """

    frames: int
    rollups: Mapping[int, int]
    closed: int
    kept: int


def shares(connection: Connection, used: int, of_frames: float) -> Shares:
    """Divide what is used by what each kind of content holds.

    Indexes, pages that are partly full and what SQLite keeps beside its file go with the content
    that they are there for, in proportion.

    Args:
        connection: To a store of this version.
        used: Bytes on the disk without what is empty, >= 0.
        of_frames: What all frames hold, see ``content``.
    """
    sizes = rollups.sizes(connection)
    rows = _rows_of_rollups(connection)
    held = {width_s: size.bytes + BESIDE_BYTES * rows.get(width_s, 0)
            for width_s, size in sizes.items()}  # fmt: skip
    files = connection.execute(sa.select(sa.func.count()).select_from(archived)).scalar() or 0
    of_kept = sum(_size_of(connection, table) for table in metadata.sorted_tables
                  if table.name not in GOING)  # fmt: skip
    whole = of_frames + sum(held.values()) + CLOSED_BYTES * files + of_kept
    scale = used / whole if whole else 0.0
    parts = {width_s: round(size * scale) for width_s, size in held.items()}
    closed, of_all = round(CLOSED_BYTES * files * scale), round(of_frames * scale)
    return Shares(of_all, parts, closed, max(used - of_all - closed - sum(parts.values()), 0))


def bytes_of(connection: Connection, path: Path | None) -> tuple[int, int]:
    """On disk, and of these without content."""
    if connection.dialect.name == "postgresql":
        return _bytes_of_tables(connection)
    page, pages, free = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
        for name in ("page_size", "page_count", "freelist_count")
    )
    beside = [] if path is None else [path.with_name(path.name + end) for end in SIDECARS]
    return page * pages + sum(one.stat().st_size for one in beside if one.exists()), page * free


def _bytes_of_tables(connection: Connection) -> tuple[int, int]:
    """As ``bytes_of``: ours alone, for a database may be shared.

    PostgreSQL tells nobody what deleted rows have left; it is what frames take beyond what they
    hold, where that is more than what any table has to spare.
    """
    taken = session.bytes_of(connection, list(metadata.tables))
    of_frames = session.bytes_of(connection, [frames.name])
    held = SPARE * content(connection, *ids(connection)).size
    return taken, max(int(of_frames - held), 0)


def _rows_of_rollups(connection: Connection) -> dict[int, int]:
    query = sa.select(rolled_up.c.width_s, sa.func.count()).group_by(rolled_up.c.width_s)
    return dict(tuple(row) for row in connection.execute(query))


def _size_of(connection: Connection, table: sa.Table) -> int:
    """What the rows of a small table hold, bytes."""
    lengths = [sa.func.coalesce(sa.func.length(_as_text(column)), 0) for column in table.c]
    size = sum(lengths, start=sa.literal(BESIDE_BYTES))
    return int(connection.execute(sa.select(sa.func.sum(size))).scalar() or 0)


def _as_text(column: sa.Column[object]) -> sa.ColumnElement[object]:
    is_bytes = isinstance(column.type, sa.LargeBinary)
    return column if is_bytes else sa.cast(column, sa.Text)
