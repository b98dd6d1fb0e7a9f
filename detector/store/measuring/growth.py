"""What came to each tier within a day, and what will go within the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.archive import hours
from detector.store.history import rollups
from detector.store.keeping.deciding import ARCHIVE, HOT
from detector.store.keeping.rules import Rules
from detector.store.measuring.forecast import Flow
from detector.store.schema import alarm_log, archived, frames
from detector.store.schema import rollups as rolled_up
from detector.store.upkeep.content import content, first_since, ids, oldest_arrival
from detector.store.upkeep.usage import Shares

DAY_S = 86_400.0
KEPT = "alarms"


@dataclass(frozen=True)
class Growth:
    """What comes and what goes.

    Attributes:
        bytes_per_day: By what arrived last; None: nothing did within a day.
        observed_s: Over how long, at most a day.
        freed_bytes: Samples that their age deletes within the next day.
        freed_from: When it first deletes some, UTC seconds; None: there are none.
        by_tier: Bytes a day by tier; ``alarms`` are flight records and commands too, ``hot`` merged
            frames too.
    """

    bytes_per_day: float | None
    observed_s: float
    freed_bytes: int
    freed_from: float | None
    by_tier: Mapping[str, float] = field(default_factory=dict)


def growth_of(
    connection: Connection,
    parts: Shares,
    hot: float,
    flights_bytes: int,
    rules: Rules,
    now: float,
) -> Growth:
    """Growth by what arrived within the last day, as it is kept now.

    Args:
        connection: To a store of this version.
        parts: What each kind of content takes.
        hot: What all frames hold, see ``content``.
        flights_bytes: Of flight records.
        rules: How long what is kept.
        now: UTC seconds.
    """
    first = oldest_sample(connection)
    if first is None:
        return Growth(None, 0.0, 0, None)
    # Of a clock that was set back some came later than now.
    observed_s = min(DAY_S, max(now - first, newest_sample(connection) - first, 1.0))
    scale = parts.frames / hot if hot else 0.0  # bytes on disk for one of content
    came = _came(connection, parts, scale, now - DAY_S)
    came[KEPT] = _share(parts.kept + flights_bytes, *_said(connection, now - DAY_S))
    by_tier = {tier: size * DAY_S / observed_s for tier, size in came.items()}
    age_s = rules.days[ARCHIVE] * DAY_S
    freed = _before(connection, scale, now - age_s + DAY_S)
    return Growth(sum(by_tier.values()) or None, observed_s, freed, first + age_s, by_tier)


def flows(connection: Connection, growth: Growth, rules: Rules, now: float) -> dict[str, Flow]:
    """What comes to each tier, with how long it still grows."""
    sizes, first = rollups.sizes(connection), oldest_sample(connection)
    oldest = {name: sizes[width_s].oldest for name, width_s in rollups.TIERS.items()}
    oldest |= {ARCHIVE: first, HOT: first}
    ages = {name: _age(one, now) for name, one in oldest.items()}
    rest = {name: max(rules.days[name] - age, 0.0) for name, age in ages.items()}
    return {name: Flow(rate, rest.get(name, float("inf"))) for name, rate in growth.by_tier.items()}


def oldest_sample(connection: Connection) -> float | None:
    """When the oldest sample came that is still whole, UTC seconds; None: there is none."""
    found = (oldest_arrival(connection), hours.size(connection).oldest)
    return min((one for one in found if one is not None), default=None)


def newest_sample(connection: Connection) -> float:
    """When the newest sample came, UTC seconds; there is one."""
    hot = connection.execute(sa.select(sa.func.max(frames.c.arrival))).scalar()
    return max(one for one in (hot, hours.size(connection).newest) if one is not None)


def _came(connection: Connection, parts: Shares, scale: float, since: float) -> dict[str, float]:
    (_, last), today = ids(connection), first_since(connection, since)
    hot = 0.0 if today is None else content(connection, today, last).size * scale
    query = sa.select(sa.func.sum(archived.c.bytes)).where(archived.c.arrival >= since)
    came = {HOT: hot, ARCHIVE: float(connection.execute(query).scalar() or 0)}  # fmt: skip
    sizes = rollups.sizes(connection)
    for name, width_s in rollups.TIERS.items():
        new = sa.select(sa.func.sum(rolled_up.c.bytes))
        new = new.where(rolled_up.c.width_s == width_s, rolled_up.c.arrival >= since)
        size = connection.execute(new).scalar() or 0
        came[name] = _share(parts.rollups[width_s], size, sizes[width_s].bytes)
    return came


def _said(connection: Connection, since: float) -> tuple[int, int]:
    """Transitions of alarms since a time, and all there are."""
    new = sa.func.sum(sa.case((alarm_log.c.at >= since, 1), else_=0))
    found, whole = connection.execute(sa.select(new, sa.func.count())).one()
    return int(found or 0), whole


def _before(connection: Connection, scale: float, arrival: float) -> int:
    """What samples take that arrived before a time, bytes."""
    query = sa.select(sa.func.sum(archived.c.bytes)).where(archived.c.arrival < arrival)
    files = int(connection.execute(query).scalar() or 0)
    (first, last), kept = ids(connection), first_since(connection, arrival)
    old = content(connection, first, last if kept is None else kept - 1).size
    return files + round(old * scale)


def _age(arrival: float | None, now: float) -> float:
    return 0.0 if arrival is None else max(now - arrival, 0.0) / DAY_S


def _share(size: float, part: float, whole: float) -> float:
    return size * part / whole if whole else 0.0
