"""The latest word on each device, and on the detector itself."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.errors import StoreError
from detector.records import DetectorHealth, DeviceState, DeviceStatus, ModelCard
from detector.store.rows.inserting import insert_all
from detector.store.schema import alarms, detectors, devices, lease

LEASE_S = 5.0  # a lease not renewed for this long is free
# Of the counters: what the upkeep says, which a renewal leaves as it is.
KEPT_TOO_LARGE = "store_kept_too_large"
OF_UPKEEP = (KEPT_TOO_LARGE,)


def update(
    connection: Connection, statuses: Sequence[DeviceStatus], detector: str | None = None
) -> None:
    """Replace the rows of the given devices; ``detector``: who hears them, None: as they say."""
    if not statuses:
        return
    rows = [_row(status) for status in statuses]
    if detector is not None:
        rows = [{**row, "detector": detector} for row in rows]
    if connection.dialect.name == "sqlite":
        insert_all(connection, devices, rows, "REPLACE")
        return
    names = [status.device for status in statuses]
    connection.execute(devices.delete().where(devices.c.device.in_(names)))
    connection.execute(devices.insert(), rows)


def set_threshold(connection: Connection, device: str, threshold: float) -> None:
    """Note the threshold in force at once, without waiting for the device's next samples."""
    connection.execute(
        devices.update().where(devices.c.device == device).values(threshold=threshold)
    )


def every(connection: Connection) -> list[DeviceStatus]:
    """All known devices by name."""
    rows = connection.execute(sa.select(devices).order_by(devices.c.device))
    return [_status(row) for row in rows]


def one(connection: Connection, device: str) -> DeviceStatus | None:
    """The status of ``device``, None when it was never seen."""
    row = connection.execute(sa.select(devices).where(devices.c.device == device)).first()
    return None if row is None else _status(row)


def newest_arrival(connection: Connection) -> tuple[int, float | None]:
    """How many devices there are, and when the newest sample of all of them came."""
    query = sa.select(sa.func.count(), sa.func.max(devices.c.last_arrival))
    count, arrival = connection.execute(query).one()
    return int(count), arrival


def claim(connection: Connection, device: str, detector: str) -> None:
    """A detector looks after a device and its alarms from now on."""
    for table in (devices, alarms):
        mine = table.c.device == device
        connection.execute(table.update().where(mine).values(detector=detector))


def claim_left(connection: Connection, detector: str, *, of_others: bool = False) -> None:
    """A detector takes over what nobody looks after; ``of_others``: whatever there is."""
    for table in (devices, alarms):
        left = table.c.detector != detector if of_others else table.c.detector == ""
        connection.execute(table.update().where(left).values(detector=detector))


def heard_by(
    connection: Connection, names: Collection[str] | None = None
) -> dict[str, tuple[str, float]]:
    """Which detector hears each device, and when its newest sample came; None: of all."""
    query = sa.select(devices.c.device, devices.c.detector, devices.c.last_arrival)
    if names is not None:
        query = query.where(devices.c.device.in_(names))
    return {row.device: (row.detector, row.last_arrival) for row in connection.execute(query)}


def of_others(connection: Connection, detector: str) -> set[str]:
    """Devices that other detectors hear."""
    query = sa.select(devices.c.device).where(devices.c.detector.not_in(("", detector)))
    return set(connection.execute(query).scalars())


def take_lease(
    connection: Connection, owner: str, now: float, still: DetectorHealth | None = None
) -> bool:
    """Become the one detector that keeps the store; in SQLite the only one that writes.

    Args:
        connection: Inside a transaction; the caller commits.
        owner: Who takes it.
        now: UTC seconds.
        still: The lease as it was ``LEASE_S`` ago by a clock that is never set: one that has not
            changed since is left, whatever its time says.

    Returns:
        Whether an earlier one ended without giving the lease back.

    Raises:
        StoreError: If another detector renewed the lease less than ``LEASE_S`` ago, or takes it at
            the same time.
        StoreFailure: If there was no lease, and another one takes it at the same time.
    """
    held = health(connection)
    is_left = held == still or (held is not None and is_old(held, now))
    if held is not None and held.owner != owner and not is_left:
        raise StoreError(
            f"store: written by another detector ({held.owner}, renewed "
            f"{now - held.renewed_at:.1f} s ago), allowed: one at a time"
        )
    if held is not None and not _is_given_up(connection, held, owner):
        raise StoreError("store: taken by another detector just now, allowed: one at a time")
    connection.execute(
        lease.insert().values(id=1, owner=owner, renewed_at=now, connection="starting", counters={})
    )
    return held is not None


def _is_given_up(connection: Connection, held: DetectorHealth, owner: str) -> bool:
    """Whether the lease was still as it was seen; one of our own may be renewed meanwhile."""
    seen = sa.true() if held.owner == owner else lease.c.renewed_at == held.renewed_at
    gone = connection.execute(lease.delete().where(lease.c.owner == held.owner, seen))
    return gone.rowcount == 1


def renew_lease(connection: Connection, renewed: DetectorHealth) -> None:
    """Say that the detector lives.

    Raises:
        StoreError: If another detector has taken the lease meanwhile.
    """
    said = connection.execute(sa.select(lease.c.counters)).scalar() or {}
    said = {name: said[name] for name in OF_UPKEEP if name in said}
    changed = connection.execute(
        lease.update()
        .where(lease.c.owner == renewed.owner)
        .values(
            renewed_at=renewed.renewed_at,
            connection=renewed.connection,
            counters={**renewed.counters, **said},
        )
    ).rowcount
    if not changed:
        raise StoreError(f"store: the lease of {renewed.owner} was taken by another detector")


def note(connection: Connection, name: str, value: int) -> None:
    """Say something of the upkeep in the detector's word; ``name`` is of ``OF_UPKEEP``."""
    said = connection.execute(sa.select(lease.c.counters)).scalar()
    if said is not None and said.get(name) != value:
        connection.execute(lease.update().values(counters={**said, name: value}))


def release_lease(connection: Connection, owner: str) -> None:
    """Give the lease back, so that the page shows the detector as stopped at once."""
    connection.execute(lease.delete().where(lease.c.owner == owner))


def is_alive(connection: Connection) -> bool:
    """Whether a detector writes to this store now, which may be an older one."""
    held, now = health(connection), time.time()
    return (held is not None and is_new(held, now)) or bool(named_alive(connection, now))


def named_alive(connection: Connection, now: float, besides: str = "") -> list[str]:
    """Names of the detectors that run, of other owners than one; none before version 9."""
    if not sa.inspect(connection).has_table(detectors.name):
        return []
    query = sa.select(detectors.c.name, detectors.c.renewed_at).where(detectors.c.owner != besides)
    rows = connection.execute(query.order_by(detectors.c.name))
    return [row.name for row in rows if _is_recent(row.renewed_at, now)]


def is_new(held: DetectorHealth, now: float) -> bool:
    """Whether a lease was renewed just now; by a clock that was set back since, it was not."""
    return _is_recent(held.renewed_at, now)


def _is_recent(renewed_at: float, now: float) -> bool:
    return abs(now - renewed_at) < LEASE_S


def is_old(held: DetectorHealth, now: float) -> bool:
    """Whether a lease was renewed long ago; of one of later than now nothing is known yet."""
    return now - held.renewed_at >= LEASE_S


def health(connection: Connection) -> DetectorHealth | None:
    """The last word of the detector that keeps the store; None when none does."""
    row = connection.execute(sa.select(lease)).first()
    if row is None:
        return None
    return DetectorHealth(row.owner, row.renewed_at, row.connection, dict(row.counters))


_COLUMNS = tuple(field.name for field in fields(DeviceStatus))


def _row(status: DeviceStatus) -> dict[str, Any]:
    row = {name: getattr(status, name) for name in _COLUMNS}
    row["state"] = status.state.value
    row["features"] = list(status.features)
    row["model"] = None if status.model is None else _card(status.model)
    return row


@lru_cache(maxsize=4096)
def _card(model: ModelCard) -> dict[str, Any]:
    """The same cards come again with every frame, one or a provisional one of each device."""
    return asdict(model)


def _status(row: sa.Row[Any]) -> DeviceStatus:
    columns = dict(row._mapping)
    columns["state"] = DeviceState(row.state)
    columns["features"] = tuple(row.features)
    columns["model"] = None if row.model is None else msgspec.convert(row.model, ModelCard)
    return DeviceStatus(**columns)
