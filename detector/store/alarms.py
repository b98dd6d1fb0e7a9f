"""Alarms and the log of their transitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Alarm, Life, Priority
from detector.store.schema import alarm_log, alarms, commands, frames, new_id

UNANSWERED = (Life.UNACKNOWLEDGED.value, Life.LATCHED.value, Life.RETURNED.value)
OPEN = tuple(life.value for life in Life if life is not Life.NORMAL)  # somebody has to look


def raise_alarm(connection: Connection, alarm: Alarm, at: float, *, is_told: bool = True) -> int:
    """Store a new alarm and log it; returns its id. See ``log`` for ``is_told``."""
    fields = asdict(alarm)
    del fields["id"]
    alarm_id = new_id(connection, alarms.insert().values(fields))
    log(connection, alarm_id, "raised", alarm.start, at, is_told=is_told)
    return alarm_id


def update(connection: Connection, alarm: Alarm) -> None:
    """Store an alarm that changed."""
    fields = asdict(alarm)
    fields["which"] = fields.pop("id")
    connection.execute(_UPDATE, fields)


_UPDATE = alarms.update().where(alarms.c.id == sa.bindparam("which"))  # made once: alarms move on


def log(
    connection: Connection,
    alarm_id: int,
    transition: str,
    ts: float,
    at: float,
    *,
    is_told: bool = True,
) -> None:
    """Add one transition to the log.

    Args:
        connection: Inside a transaction.
        alarm_id: Which alarm.
        transition: ``raised``, ``cleared``, ``acknowledged``, or a state that it is held in.
        ts: Sample time, device clock.
        at: Detector clock.
        is_told: Whether servers are to hear of it.
    """
    connection.execute(
        alarm_log.insert().values(
            alarm_id=alarm_id, transition=transition, ts=ts, at=at, published=not is_told
        )
    )


def transitions(connection: Connection, alarm_id: int) -> list[tuple[str, float]]:
    """The life of one alarm so far, as transition and detector clock, the oldest first."""
    query = sa.select(alarm_log.c.transition, alarm_log.c.at).where(
        alarm_log.c.alarm_id == alarm_id
    )
    return [(row.transition, row.at) for row in connection.execute(query.order_by(alarm_log.c.id))]


def unpublished(
    connection: Connection, above: int = 0, limit: int | None = None, detector: str | None = None
) -> list[tuple[int, str, float, Alarm]]:
    """Transitions numbered above ``above`` that the broker has not confirmed, in order.

    Args:
        connection: To the store.
        above: See there.
        limit: At most so many; None: all.
        detector: That looks after the alarms; None: any.

    Returns:
        Log id, transition, sample time and alarm of each.
    """
    query = (
        sa.select(alarm_log, alarms)
        .join(alarms, alarm_log.c.alarm_id == alarms.c.id)
        .where(alarm_log.c.published.is_(False), alarm_log.c.id > above, _is_of(detector))
        .order_by(alarm_log.c.id)
        .limit(limit)
    )
    found = []
    for row in connection.execute(query):
        fields = row._mapping
        alarm = Alarm(**{column.name: fields[column] for column in alarms.c})
        found.append((fields[alarm_log.c.id], row.transition, row.ts, alarm))
    return found


def mark_published(connection: Connection, log_ids: Sequence[int]) -> None:
    """Remember that the broker has these transitions."""
    if log_ids:
        connection.execute(
            alarm_log.update().where(alarm_log.c.id.in_(log_ids)).values(published=True)
        )


def active(connection: Connection) -> list[Alarm]:
    """Alarms that are active now, the newest first."""
    return _read(connection, alarms.c.state == "active", limit=None)


def open_ones(connection: Connection, detector: str | None = None) -> list[Alarm]:
    """Alarms that are not over or not answered yet, the newest first; of a detector, or of all."""
    return _read(connection, sa.and_(alarms.c.life.in_(OPEN), _is_of(detector)), limit=None)


def _is_of(detector: str | None) -> sa.ColumnElement[bool]:
    return sa.true() if detector is None else alarms.c.detector == detector


@dataclass(frozen=True)
class Waiting:
    """Alarms that nobody has answered.

    Attributes:
        counts: How many, by priority; of those that there are.
        first: The one to answer first: of the highest priority the newest; None: none waits.
        newest: The one raised last.
    """

    counts: dict[str, int]
    first: Alarm | None
    newest: Alarm | None


def waiting(connection: Connection, besides: Sequence[str] = ()) -> Waiting:
    """Alarms that wait for an answer, at the cost of a few of them however many there are.

    Args:
        connection: To the store.
        besides: Kinds that ask nobody.
    """
    condition = sa.and_(alarms.c.life.in_(UNANSWERED), alarms.c.kind.not_in(besides))
    counted = sa.select(alarms.c.priority, sa.func.count()).where(condition)
    rows = connection.execute(counted.group_by(alarms.c.priority))
    counts = {str(priority): int(n) for priority, n in rows}
    newest = next(iter(_read(connection, condition, limit=1)), None)
    highest = next((one.value for one in reversed(Priority) if one.value in counts), None)
    of_it = sa.and_(condition, alarms.c.priority == highest)
    first = next(iter(_read(connection, of_it, limit=1)), None) if highest else None
    return Waiting(counts, first, newest)


def one(connection: Connection, alarm_id: int) -> Alarm | None:
    """An alarm; None when there is none of this id."""
    return next(iter(_read(connection, alarms.c.id == alarm_id)), None)


def since(connection: Connection, start: float) -> list[Alarm]:
    """Alarms that were told from ``start`` (detector clock) on, the newest first."""
    return _read(connection, alarms.c.raised_at >= start, limit=None)


def listed(
    connection: Connection,
    device: str | None = None,
    limit: int = 1000,
    *,
    only_open: bool = False,
) -> list[Alarm]:
    """Alarms of a device, or of all, the newest first; ``only_open``: see ``open_ones``."""
    whose = sa.true() if device is None else alarms.c.device == device
    return _read(connection, sa.and_(whose, alarms.c.life.in_(OPEN)) if only_open else whose, limit)


def revision(connection: Connection) -> tuple[int, float]:
    """Changes with every transition of an alarm and every command that is dealt with."""
    newest = sa.select(sa.func.max(alarm_log.c.id)).scalar_subquery()
    dealt_with = sa.select(sa.func.max(commands.c.applied_at)).scalar_subquery()
    log_id, at = connection.execute(sa.select(newest, dealt_with)).one()
    return log_id or 0, at or 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alarms of the past; None: any.

    Attributes:
        device: Name of the machine.
        kind: What raised them.
        verdict: An operator's; ``none``: those without one.
        start: That go on at this sample time or later.
        end: That began before this sample time.
    """

    device: str | None = None
    kind: str | None = None
    verdict: str | None = None
    start: float | None = None
    end: float | None = None


def page_of(connection: Connection, wanted: Wanted, limit: int, offset: int = 0) -> list[Alarm]:
    """Some of the alarms that are wanted, the newest first."""
    query = sa.select(alarms).where(*_wanted(wanted)).order_by(alarms.c.id.desc())
    rows = connection.execute(query.limit(limit).offset(offset))
    return [Alarm(**row._mapping) for row in rows]


def count_of(connection: Connection, wanted: Wanted) -> int:
    """How many alarms are wanted."""
    query = sa.select(sa.func.count()).select_from(alarms).where(*_wanted(wanted))
    return connection.execute(query).scalar() or 0


def earlier(connection: Connection, alarm: Alarm, limit: int) -> list[Alarm]:
    """Alarms of the same kind before one, of its device first, then of any, the newest first."""
    before = sa.and_(alarms.c.id < alarm.id, alarms.c.kind == alarm.kind)
    is_mine = alarms.c.device == alarm.device
    return [
        *_read(connection, sa.and_(before, is_mine), limit),
        *_read(connection, sa.and_(before, ~is_mine), limit),
    ]


def _wanted(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions = [
        alarms.c[name] == value
        for name in ("device", "kind", "verdict")
        if (value := getattr(wanted, name)) is not None and value != "none"
    ]
    if wanted.verdict == "none":
        conditions.append(alarms.c.verdict.is_(None))
    if wanted.start is not None:
        conditions.append(sa.or_(alarms.c.end.is_(None), alarms.c.end >= wanted.start))
    if wanted.end is not None:
        conditions.append(alarms.c.start < wanted.end)
    return conditions


def watched_since(connection: Connection) -> float | None:
    """Since when anything was watched, detector clock; None: nothing was."""
    first = sa.select(sa.func.min(frames.c.arrival)).scalar_subquery()
    told = sa.select(sa.func.min(alarms.c.raised_at)).scalar_subquery()
    found = connection.execute(sa.select(first, told)).one()
    return min((at for at in found if at is not None), default=None)


def overlapping(connection: Connection, device: str, start: float, end: float) -> list[Alarm]:
    """Alarms of a device active within ``start``..``end`` of sample time, the newest first."""
    in_time = sa.and_(
        alarms.c.device == device,
        alarms.c.start <= end,
        sa.or_(alarms.c.end.is_(None), alarms.c.end >= start),
    )
    return _read(connection, in_time)


def _read(
    connection: Connection, condition: sa.ColumnElement[Any], limit: int | None = 1000
) -> list[Alarm]:
    query = sa.select(alarms).where(condition).order_by(alarms.c.id.desc()).limit(limit)
    return [Alarm(**row._mapping) for row in connection.execute(query)]
