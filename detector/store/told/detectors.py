"""The detectors that take in samples: one lease each, by name, and the newest word of every one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.errors import DetectorHeldError, StoreError
from detector.records import DetectorHealth
from detector.store.devices import is_old
from detector.store.schema import detectors, devices


def take(
    connection: Connection,
    name: str,
    owner: str,
    now: float,
    still: DetectorHealth | None = None,
) -> bool:
    """Become the one detector of a name.

    Args:
        connection: Inside a transaction; the caller commits.
        name: What it takes in.
        owner: Who takes it.
        now: UTC seconds.
        still: See ``devices.take_lease``.

    Returns:
        Whether an earlier one ended without giving the name back.

    Raises:
        DetectorHeldError: If another process of this name renewed it just now.
        StoreError: If another process takes it at the same time.
        StoreFailure: Likewise, where nobody had it.
    """
    held = one(connection, name)
    if held is not None:
        if held.owner != owner and held != still and not is_old(held, now):
            raise DetectorHeldError(
                f"store: {name} is heard by another detector ({held.owner}, renewed "
                f"{now - held.renewed_at:.1f} s ago), allowed: one of a name at a time"
            )
        seen = sa.true() if held.owner == owner else detectors.c.renewed_at == held.renewed_at
        mine = sa.and_(detectors.c.name == name, detectors.c.owner == held.owner, seen)
        if connection.execute(detectors.delete().where(mine)).rowcount != 1:
            raise StoreError(f"store: {name} was taken by another detector just now")
    row = {"name": name, "owner": owner, "renewed_at": now, "connection": "starting",
           "counters": {}}  # fmt: skip
    connection.execute(detectors.insert(), [row])
    return held is not None


def renew(connection: Connection, name: str, renewed: DetectorHealth) -> None:
    """Say that the detector of a name lives.

    Raises:
        StoreError: If another process has taken the name meanwhile.
    """
    mine = sa.and_(detectors.c.name == name, detectors.c.owner == renewed.owner)
    changed = connection.execute(
        detectors.update().where(mine).values(
            renewed_at=renewed.renewed_at, connection=renewed.connection,
            counters=renewed.counters,
        )
    )  # fmt: skip
    if not changed.rowcount:
        raise StoreError(f"store: the lease of {renewed.owner} was taken by another detector")


def release(connection: Connection, name: str, owner: str) -> None:
    """Give a name back, so that who waits for it begins at once."""
    mine = sa.and_(detectors.c.name == name, detectors.c.owner == owner)
    connection.execute(detectors.delete().where(mine))


def one(connection: Connection, name: str) -> DetectorHealth | None:
    """The newest word of a detector; None: it has given its name back, or never had it."""
    row = connection.execute(sa.select(detectors).where(detectors.c.name == name)).first()
    return None if row is None else _health(row)


def every(connection: Connection) -> list[DetectorHealth]:
    """The newest words of all that run or were killed, by name."""
    rows = connection.execute(sa.select(detectors).order_by(detectors.c.name))
    return [_health(row) for row in rows]


def with_devices(connection: Connection) -> dict[str, int]:
    """How many devices each detector has heard last, by its name; also of those that have ended."""
    query = sa.select(devices.c.detector, sa.func.count()).group_by(devices.c.detector)
    return {str(name): int(count) for name, count in connection.execute(query)}


def _health(row: sa.Row[tuple[object, ...]]) -> DetectorHealth:
    return DetectorHealth(**{**row._mapping, "counters": dict(row.counters)})
