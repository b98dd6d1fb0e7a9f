"""How much room a store takes, how fast it grows and for how long there is room."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from detector.store.archive.flights import FOLDER
from detector.store.archive.place import Place
from detector.store.connecting import file_of, shown
from detector.store.keeping.deciding import ARCHIVE, HOT
from detector.store.keeping.room import holding, is_beside, limit_of
from detector.store.keeping.rules import Rules
from detector.store.measuring import tiers
from detector.store.measuring.forecast import Flow, days_until
from detector.store.measuring.growth import DAY_S, Growth, flows, growth_of
from detector.store.measuring.tiers import Parts, TierUsage
from detector.store.schema import Engine
from detector.store.upkeep.content import Content, content, ids, spans
from detector.store.upkeep.usage import bytes_of, shares
from detector.store.versions import VERSION, version_of

LONGEST_S = 900.0  # bucket
NONE = Growth(None, 0.0, 0, None)


@dataclass(frozen=True)
class DeviceUsage:
    """What a store holds of one device.

    Attributes:
        device: Its name.
        first: Time of its first sample, UTC seconds.
        newest: Time of its newest sample, UTC seconds.
        samples: At full resolution; None: too few in a large store for an estimate.
        bytes: Its share of all tiers; None as ``samples``.
        tiers: Its share of each that has some of it.
    """

    device: str
    first: float
    newest: float
    samples: int | None
    bytes: int | None
    tiers: tuple[TierUsage, ...] = ()


@dataclass(frozen=True)
class Room:
    """What there is room for.

    Attributes:
        held_bytes: What counts: all, or what lies on the disk where no limit is set.
        kept_bytes: Of these, what is never deleted for its size.
        limit_bytes: Most of it; None: there is none, as of a server without ``store.size_gb``.
        days_until_limit: When the oldest go for want of room; None: never at this growth.
        disk_free_bytes: None: not known here, as of another machine.
        days_until_full: When the disk is; None: never at this growth, or not known.
    """

    held_bytes: int
    kept_bytes: int
    limit_bytes: int | None
    days_until_limit: float | None
    disk_free_bytes: int | None
    days_until_full: float | None

    @property
    def is_kept_too_large(self) -> bool:
        """Whether what is never deleted exceeds the limit by itself."""
        return self.limit_bytes is not None and self.kept_bytes > self.limit_bytes


@dataclass(frozen=True)
class StoreUsage:
    """What a store holds.

    Attributes:
        url: Without password.
        version: Of its tables.
        bytes: Of the database on disk, with the files that SQLite keeps beside.
        reusable_bytes: Of these, left by what was deleted and used next.
        growth: What comes and goes; of an older version nothing is known.
        room: What there is room for; None of an older version.
        is_exact: Whether samples and shares were counted, not estimated.
        tiers: Of all devices; none of an older version.
        devices: By name.
    """

    url: str
    version: str
    bytes: int
    reusable_bytes: int
    growth: Growth
    room: Room | None
    is_exact: bool
    tiers: tuple[TierUsage, ...] = field(default=())
    devices: tuple[DeviceUsage, ...] = field(default=())


def measure(store: Engine, place: Place, rules: Rules, now: float) -> StoreUsage:
    """Measure a store, without reading all of a large one.

    Args:
        store: Open, of this version or an older one.
        place: Of its archive.
        rules: How long what is kept, and how much.
        now: UTC seconds.

    Raises:
        OSError: If the archive cannot be listed.
    """
    with store.connect() as connection:
        total, reusable = bytes_of(connection, file_of(store))
        found = content(connection, *ids(connection))
        version = version_of(connection) or ""
        if version != VERSION:
            devices = _devices(connection, found, {HOT: _shared(found, total - reusable)})
            return StoreUsage(shown(store.url), version, total, reusable, NONE, None,
                              found.is_exact, (), devices)  # fmt: skip
        parts = shares(connection, total - reusable, found.size)
        flights = place.sizes(FOLDER)
        by_tier = tiers.by_device(connection, parts, found, flights)
        files = sum(flights.values())
        growth = growth_of(connection, parts, found.size, files, rules, now)
        coming = flows(connection, growth, rules, now)
        return StoreUsage(
            shown(store.url), version, total, reusable, growth,
            _room(store, place, coming, rules, reusable), found.is_exact,
            tiers.wholes(by_tier, {tiers.FLIGHTS: files, tiers.ALARMS: parts.kept}),
            _devices(connection, found, by_tier),
        )  # fmt: skip


def _room(
    store: Engine, place: Place, coming: Mapping[str, Flow], rules: Rules, reusable: int
) -> Room:
    held, path = holding(store, place, rules.size_gb), file_of(store)
    limit, is_here = limit_of(store, rules.size_gb, held.bytes), is_beside(store, place)
    free = None if path is None else shutil.disk_usage(path.resolve().parent).free
    counted = _counted(coming, rules, has_archive=rules.size_gb is not None or is_here)
    until_limit = days_until(limit - held.bytes, counted)
    until_full = None
    if free is not None:
        until_full = days_until(free + reusable, _counted(coming, rules, has_archive=is_here))
    if None not in (until_limit, until_full) and until_limit < until_full:  # type: ignore[operator]
        until_full = None  # the oldest go before
    return Room(held.bytes, held.kept_bytes, None if math.isinf(limit) else round(limit),
                until_limit, free, until_full)  # fmt: skip


def _counted(coming: Mapping[str, Flow], rules: Rules, *, has_archive: bool) -> list[Flow]:
    """What fills a place; without the archive frames only grow until hours are closed."""
    if has_archive:
        return list(coming.values())
    here = {name: flow for name, flow in coming.items() if name != ARCHIVE}
    if HOT in here:
        gone = max(rules.days[HOT] - here[HOT].grows_days, 0.0)  # days since the oldest came
        here[HOT] = Flow(here[HOT].bytes_per_day, max(rules.hot_s / DAY_S - gone, 0.0))
    return list(here.values())


def _devices(
    connection: Connection, found: Content, by_tier: Mapping[str, Parts]
) -> tuple[DeviceUsage, ...]:
    known = spans(connection, found)
    names = sorted(set(known) | {name for parts in by_tier.values() for name in parts if name})
    return tuple(_device(name, found, known.get(name), by_tier) for name in names)


def _device(
    name: str, found: Content, span: tuple[float, float] | None, by_tier: Mapping[str, Parts]
) -> DeviceUsage:
    mine = tuple(parts[name] for parts in by_tier.values() if name in parts)
    first, newest = _span(mine, span)
    whole = [one.samples for one in mine if one.samples is not None]
    is_met = span is None or name in found.samples
    return DeviceUsage(
        name, first, newest, sum(whole) if is_met else None,
        sum(one.bytes for one in mine) if is_met else None, mine,
    )  # fmt: skip


def _span(mine: Sequence[TierUsage], hot: tuple[float, float] | None) -> tuple[float, float]:
    """From when to when a device has something.

    Rollups tell their ends to a bucket, so they count where nothing else reaches as far.
    """
    exact = [one for one in mine if one.samples is not None]
    ends = [
        *(hot or ()),
        *(ts for one in exact for ts in (one.first, one.newest) if ts is not None),
    ]
    rolled = [ts for one in mine for ts in (one.first, one.newest) if ts is not None]
    if not ends:
        return min(rolled, default=0.0), max(rolled, default=0.0)
    first = min(rolled, default=ends[0])
    return min(ends) if min(ends) - first < LONGEST_S else first, max(ends)


def _ends(parts: Sequence[TierUsage]) -> list[float]:
    return [ts for one in parts for ts in (one.first, one.newest) if ts is not None]


def _shared(found: Content, used: int) -> Parts:
    """Of a store of an older version, where all but frames is small."""
    scale = used / found.size if found.size else 0.0
    return {name: TierUsage(tiers.HOT, round(size * scale), None, None, round(found.samples[name]))
            for name, size in found.sizes.items()}  # fmt: skip
