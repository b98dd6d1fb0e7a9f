"""How much room a store takes, how fast it grows and for how long the disk is large enough."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Connection

from detector.store.connecting import file_of, shown
from detector.store.postgresql import session
from detector.store.schema import Engine, frames, metadata
from detector.store.upkeep.backup import SIDECARS
from detector.store.upkeep.content import Content, content, first_since, ids, oldest_arrival, spans
from detector.store.versions import version_of

DAY_S = 86_400.0
SPARE = 1.3  # times what rows hold, that a table of PostgreSQL takes with room for changes


@dataclass(frozen=True)
class DeviceUsage:
    """What a store holds of one device.

    Attributes:
        device: Its name.
        first: Time of its first sample, UTC seconds.
        newest: Time of its newest sample, UTC seconds.
        samples: How many; None: too few in a large store for an estimate.
        bytes: Its share of the store's; None as ``samples``.
    """

    device: str
    first: float
    newest: float
    samples: int | None
    bytes: int | None


@dataclass(frozen=True)
class Growth:
    """What comes and what goes.

    Attributes:
        bytes_per_day: By what arrived last; None: nothing did within a day.
        observed_s: Over how long, at most a day.
        freed_bytes: What the retention deletes within the next day.
        freed_from: When it first deletes something, UTC seconds; None: the store is empty.
    """

    bytes_per_day: float | None
    observed_s: float
    freed_bytes: int
    freed_from: float | None


@dataclass(frozen=True)
class StoreUsage:
    """What a store holds.

    Attributes:
        url: Without password.
        version: Of its tables.
        bytes: On disk, with the files that SQLite keeps beside.
        reusable_bytes: Of these, left by what was deleted and used next.
        growth: What comes and goes.
        disk_free_bytes: None: not known here, as of another machine.
        days_until_full: None: never at this growth, or not known.
        is_exact: Whether samples and shares were counted, not estimated.
        devices: By name.
    """

    url: str
    version: str
    bytes: int
    reusable_bytes: int
    growth: Growth
    disk_free_bytes: int | None
    days_until_full: float | None
    is_exact: bool
    devices: tuple[DeviceUsage, ...]


def measure(store: Engine, retention_days: float, now: float) -> StoreUsage:
    """Measure a store, without reading all of a large one.

    Args:
        store: Open.
        retention_days: After which frames are deleted, > 0.
        now: UTC seconds.
    """
    path = file_of(store)
    free = None if path is None else shutil.disk_usage(path.parent).free
    with store.connect() as connection:
        total, reusable = bytes_of(connection, path)
        used = total - reusable
        found = content(connection, *ids(connection))
        scale = used / found.size if found.size else 0.0  # bytes on disk for one of content
        growth = _growth(connection, scale, retention_days, now)
        return StoreUsage(
            shown(store.url), version_of(connection) or "", total, reusable, growth, free,
            days_until_full(growth.bytes_per_day, free, used, reusable, retention_days),
            found.is_exact, _devices(connection, found, scale),
        )  # fmt: skip


def days_until_full(
    bytes_per_day: float | None, free: int | None, used: int, reusable: int, retention_days: float
) -> float | None:
    """When the disk is full if each day brings as much as the last.

    Args:
        bytes_per_day: That come; None: nothing comes.
        free: Bytes free on the disk; None: not known.
        used: Bytes of the store that hold something.
        reusable: Bytes of the store that hold nothing.
        retention_days: What is older is deleted, so the store comes to hold so many days.

    Returns:
        Days, or None: it is not known, or never full.
    """
    if not bytes_per_day or free is None:
        return None
    room = free + reusable
    return None if bytes_per_day * retention_days <= used + room else room / bytes_per_day


def _growth(connection: Connection, scale: float, retention_days: float, now: float) -> Growth:
    (first, last), oldest = ids(connection), oldest_arrival(connection)
    if oldest is None:
        return Growth(None, 0.0, 0, None)
    observed_s = min(DAY_S, max(now - oldest, 1.0))
    today = first_since(connection, now - DAY_S)
    came = 0.0 if today is None else content(connection, today, last).size * scale
    kept = first_since(connection, now - (retention_days - 1) * DAY_S)
    expired = content(connection, first, last if kept is None else kept - 1)
    return Growth(
        came * DAY_S / observed_s or None,
        observed_s,
        round(expired.size * scale),
        oldest + retention_days * DAY_S,
    )


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


def _devices(connection: Connection, found: Content, scale: float) -> tuple[DeviceUsage, ...]:
    return tuple(
        DeviceUsage(device, first, newest, _rounded(found.samples.get(device)),
                    _rounded(found.sizes.get(device), scale))
        for device, (first, newest) in spans(connection, found).items()
    )  # fmt: skip


def _rounded(value: float | None, scale: float = 1.0) -> int | None:
    return None if value is None else round(value * scale)
