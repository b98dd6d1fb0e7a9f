"""Which device has how much of each tier, and from when to when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.history import rollups
from detector.store.rows.rows import LOOSE, PACKED
from detector.store.schema import alarms, archived, frames
from detector.store.schema import rollups as rolled_up
from detector.store.upkeep.content import Content, content, ids
from detector.store.upkeep.usage import Shares

HOT, MERGED, ARCHIVE, FLIGHTS, ALARMS = "hot", "merged", "archive", "flights", "alarms"
ORDER = (HOT, MERGED, ARCHIVE, *rollups.TIERS, FLIGHTS, ALARMS)
NUMBER = re.compile(r"alarm-(\d+)\.")
FEW = 8  # newest blocks of a device, whose mean stands for all of a width


@dataclass(frozen=True)
class TierUsage:
    """A tier, or what one device has of it.

    Attributes:
        tier: One of ``ORDER``; alarms with commands and all else that is kept beside them.
        bytes: On disk.
        first: Time of its first sample or alarm, UTC seconds; None: not known.
        newest: Time of its newest, of rollups to a bucket; None as ``first``.
        samples: At full resolution; None: of tiers that hold none.
    """

    tier: str
    bytes: int
    first: float | None
    newest: float | None
    samples: int | None = None


Parts = dict[str, TierUsage]  # by device


def by_device(
    connection: Connection, parts: Shares, whole: Content, flights: Mapping[str, int]
) -> dict[str, Parts]:
    """Every tier by device.

    Args:
        connection: To a store of this version.
        parts: What each kind of content takes.
        whole: What all frames hold.
        flights: Bytes of flight records by their path.
    """
    merged_share, loose, merged = _frames(connection, whole)
    of_merged = parts.frames * merged_share
    found = {HOT: _scaled(loose, parts.frames - of_merged), MERGED: _scaled(merged, of_merged),
             ARCHIVE: _by_device(_archived(connection))}  # fmt: skip
    for name, width_s in rollups.TIERS.items():
        found[name] = _scaled(
            _by_device(_rolled(connection, name, width_s)), parts.rollups[width_s]
        )
    found[FLIGHTS] = _flights(connection, flights)
    found[ALARMS] = _scaled(_by_device(_alarms(connection)), parts.kept)
    return found


def wholes(found: Mapping[str, Parts], sizes: Mapping[str, int]) -> tuple[TierUsage, ...]:
    """Each tier as a whole: what is not a device's counts too."""
    return tuple(_whole(name, found[name].values(), sizes.get(name)) for name in ORDER)


def _whole(name: str, parts: Iterable[TierUsage], size: int | None) -> TierUsage:
    there = list(parts)
    firsts = [one.first for one in there if one.first is not None]
    newest = [one.newest for one in there if one.newest is not None]
    taken = sum(one.bytes for one in there) if size is None else size
    samples = [one.samples for one in there if one.samples is not None]
    return TierUsage(name, taken, min(firsts, default=None), max(newest, default=None),
                     sum(samples) if samples else None)  # fmt: skip


def _frames(connection: Connection, whole: Content) -> tuple[float, Parts, Parts]:
    """Share of the merged ones, and both kinds by device, in bytes of content."""
    merged = content(connection, *ids(connection), frames.c.packing == PACKED)
    loose = Content(_less(whole.samples, merged.samples), _less(whole.sizes, merged.sizes), True)
    return (
        merged.size / whole.size if whole.size else 0.0,
        dict(_sized(connection, HOT, LOOSE, loose)),
        dict(_sized(connection, MERGED, PACKED, merged)),
    )


def _less(whole: Mapping[str, float], part: Mapping[str, float]) -> dict[str, float]:
    return {name: size - part.get(name, 0.0) for name, size in whole.items()}


def _sized(
    connection: Connection, tier: str, packing: int, found: Content
) -> Iterator[tuple[str, TierUsage]]:
    for device, size in found.sizes.items():
        of_kind = sa.select(frames.c.start, frames.c.end)
        of_kind = of_kind.where(frames.c.device == device, frames.c.packing == packing)
        first = connection.execute(of_kind.order_by(frames.c.start).limit(1)).first()
        newest = connection.execute(of_kind.order_by(frames.c.start.desc()).limit(1)).first()
        if first is not None and newest is not None:
            samples = round(found.samples[device])
            yield device, TierUsage(tier, round(size), first.start, newest.end, samples)


def _archived(connection: Connection) -> Iterator[tuple[str, TierUsage]]:
    query = sa.select(
        archived.c.device, sa.func.sum(archived.c.bytes), sa.func.min(archived.c.start),
        sa.func.max(archived.c.end), sa.func.sum(archived.c.n),
    )  # fmt: skip
    for device, size, first, newest, n in connection.execute(query.group_by(archived.c.device)):
        yield device, TierUsage(ARCHIVE, int(size), first, newest, int(n))


def _rolled(connection: Connection, tier: str, width_s: int) -> Iterator[tuple[str, TierUsage]]:
    """From an index alone, but for the size and the ends of the blocks of each device."""
    start = rolled_up.c.start
    query = sa.select(rolled_up.c.device, sa.func.count(), sa.func.min(start), sa.func.max(start))
    query = query.where(rolled_up.c.width_s == width_s).group_by(rolled_up.c.device)
    for device, count, first, newest in connection.execute(query).all():
        few = sa.select(rolled_up.c.bytes).where(
            rolled_up.c.device == device, rolled_up.c.width_s == width_s
        )
        sizes = connection.execute(few.order_by(start.desc()).limit(FEW)).scalars().all()
        size = round(count * sum(sizes) / len(sizes))
        ends = _ends(connection, device, width_s, first, newest)
        yield device, TierUsage(tier, size, *ends)


def _ends(
    connection: Connection, device: str, width_s: int, first: float, newest: float
) -> tuple[float, float]:
    """Of what lies in the first and the newest block of a device."""
    long = rollups.BLOCK[width_s] * width_s
    begin = rollups.between(connection, device, width_s, first, first + long).ts
    end = rollups.between(connection, device, width_s, newest, newest + long).ts
    return float(begin[0]), float(end[-1]) + width_s


def _flights(connection: Connection, sizes: Mapping[str, int]) -> Parts:
    query = sa.select(alarms.c.id, alarms.c.device, alarms.c.start, alarms.c.end)
    known = {number: rest for number, *rest in connection.execute(query)}
    found = Parts()
    for path, size in sizes.items():
        named = NUMBER.search(path)
        if named is not None and (alarm := known.get(int(named[1]))) is not None:
            device, start, end = alarm
            part = TierUsage(FLIGHTS, size, start, end if end is not None else start)
            found[device] = _joined(found[device], part) if device in found else part
    return found


def _alarms(connection: Connection) -> Iterator[tuple[str, TierUsage]]:
    query = sa.select(
        alarms.c.device, sa.func.count(), sa.func.min(alarms.c.start),
        sa.func.max(sa.func.coalesce(alarms.c.end, alarms.c.start)),
    )  # fmt: skip
    for device, count, first, newest in connection.execute(query.group_by(alarms.c.device)):
        yield device, TierUsage(ALARMS, count, first, newest)


def _by_device(found: Iterable[tuple[str, TierUsage]]) -> Parts:
    return dict(found)


def _joined(one: TierUsage, other: TierUsage) -> TierUsage:
    return _whole(one.tier, (one, other), None)


def _scaled(parts: Parts, size: float) -> Parts:
    """As much together as the tier takes on disk."""
    whole = sum(one.bytes for one in parts.values())
    scale = size / whole if whole else 0.0
    return {name: replace(one, bytes=round(one.bytes * scale)) for name, one in parts.items()}
