"""Alarms and the log of their transitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Alarm
from detector.store.schema import alarm_log, alarms, new_id


def raise_alarm(connection: Connection, alarm: Alarm, at: float) -> int:
    """Store a new alarm and log it; returns its id."""
    fields = asdict(alarm)
    del fields["id"]
    alarm_id = new_id(connection, alarms.insert().values(fields))
    log(connection, alarm_id, "raised", alarm.start, at)
    return alarm_id


def update(connection: Connection, alarm: Alarm) -> None:
    """Store what changed of an alarm: its state, end, peak and contributions."""
    fields = asdict(alarm)
    connection.execute(
        alarms.update()
        .where(alarms.c.id == alarm.id)
        .values({key: fields[key] for key in ("state", "end", "peak_score", "contributions")})
    )


def log(connection: Connection, alarm_id: int, transition: str, ts: float, at: float) -> None:
    """Add one transition to the log.

    Args:
        connection: Inside a transaction.
        alarm_id: Which alarm.
        transition: ``raised`` or ``cleared``.
        ts: Sample time, device clock.
        at: Detector clock.
    """
    connection.execute(
        alarm_log.insert().values(
            alarm_id=alarm_id, transition=transition, ts=ts, at=at, published=False
        )
    )


def unpublished(connection: Connection) -> list[tuple[int, str, float, Alarm]]:
    """Transitions the broker has not got yet: log id, transition, sample time, alarm."""
    query = (
        sa.select(alarm_log, alarms)
        .join(alarms, alarm_log.c.alarm_id == alarms.c.id)
        .where(alarm_log.c.published.is_(False))
        .order_by(alarm_log.c.id)
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
    return _read(connection, alarms.c.state == "active")


def one(connection: Connection, alarm_id: int) -> Alarm | None:
    """An alarm; None when there is none of this id."""
    return next(iter(_read(connection, alarms.c.id == alarm_id)), None)


def listed(connection: Connection, device: str | None = None, limit: int = 1000) -> list[Alarm]:
    """Alarms of a device, or of all, the newest first."""
    return _read(connection, sa.true() if device is None else alarms.c.device == device, limit)


def overlapping(connection: Connection, device: str, start: float, end: float) -> list[Alarm]:
    """Alarms of a device active within ``start``..``end`` of sample time, the newest first."""
    in_time = sa.and_(
        alarms.c.device == device,
        alarms.c.start <= end,
        sa.or_(alarms.c.end.is_(None), alarms.c.end >= start),
    )
    return _read(connection, in_time)


def _read(
    connection: Connection, condition: sa.ColumnElement[Any], limit: int = 1000
) -> list[Alarm]:
    query = sa.select(alarms).where(condition).order_by(alarms.c.id.desc()).limit(limit)
    return [Alarm(**row._mapping) for row in connection.execute(query)]
