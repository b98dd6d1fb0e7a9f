"""Which alarms have a flight record, and which still need one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Alarm
from detector.store.schema import alarm_log, alarms, devices, flights

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Due:
    """An alarm whose flight record is not finished.

    Attributes:
        alarm: As it is now.
        newest: Sample time of the device's newest sample; None: the device is not known.
        last_arrival: When that came, detector clock; None as ``newest``.
        cleared_at: When it cleared, detector clock; None: it is active.
    """

    alarm: Alarm
    newest: float | None
    last_arrival: float | None
    cleared_at: float | None


def due(connection: Connection, above: int = 0) -> list[Due]:
    """Alarms numbered above ``above`` whose record is not finished, at most ``AT_ONCE``."""
    cleared_at = (
        sa.select(sa.func.max(alarm_log.c.at))
        .where(alarm_log.c.alarm_id == alarms.c.id, alarm_log.c.transition == "cleared")
        .scalar_subquery()
        .label("cleared_at")
    )
    query = (
        sa.select(alarms, devices.c.last_ts, devices.c.last_arrival, cleared_at)
        .join(flights, flights.c.alarm_id == alarms.c.id, isouter=True)
        .join(devices, devices.c.device == alarms.c.device, isouter=True)
        .where(alarms.c.id > above, sa.func.coalesce(flights.c.is_finished, sa.false()).is_(False))
        .order_by(alarms.c.id)
        .limit(AT_ONCE)
    )
    return [_due(row) for row in connection.execute(query)]


def first_unfinished(connection: Connection) -> int | None:
    """Number of the first alarm whose record is begun, or goes on again; None: there is none."""
    query = sa.select(sa.func.min(flights.c.alarm_id)).where(flights.c.is_finished.is_(False))
    return connection.execute(query).scalar()


def reopen(connection: Connection, alarm_id: int) -> None:
    """An alarm that was over goes on: so does its record, if there is one."""
    mine = flights.update().where(flights.c.alarm_id == alarm_id)
    connection.execute(mine.values(is_finished=False))


def note(connection: Connection, alarm: Alarm, samples: int, *, is_finished: bool) -> None:
    """Say that a record is written.

    Args:
        connection: Inside a transaction that has changed nothing yet.
        alarm: Whose; as it was when the record was made.
        samples: In it; 0: there is none, nothing was left.
        is_finished: Nothing is missing, unless the alarm goes on since.
    """
    row = {"samples": samples, "is_finished": False}
    mine = flights.c.alarm_id == alarm.id
    if not connection.execute(flights.update().where(mine).values(row)).rowcount:
        connection.execute(flights.insert().values(alarm_id=alarm.id, **row))
    # Whoever reopens it waits for this row from here on.
    end = connection.execute(sa.select(alarms.c.end).where(alarms.c.id == alarm.id)).scalar()
    if is_finished and end == alarm.end:
        connection.execute(flights.update().where(mine).values(is_finished=True))


def recorded(connection: Connection, alarm_ids: Sequence[int]) -> set[int]:
    """Which of some alarms have a record, finished or not."""
    query = sa.select(flights.c.alarm_id).where(
        flights.c.alarm_id.in_(alarm_ids), flights.c.samples > 0
    )
    return set(connection.execute(query).scalars())


def forsaken(connection: Connection) -> list[int]:
    """Alarms that are gone and have a record."""
    query = sa.select(flights.c.alarm_id).join(
        alarms, alarms.c.id == flights.c.alarm_id, isouter=True
    )
    return list(connection.execute(query.where(alarms.c.id.is_(None))).scalars())


def forget(connection: Connection, alarm_id: int) -> None:
    """The record is gone."""
    connection.execute(flights.delete().where(flights.c.alarm_id == alarm_id))


def _due(row: sa.Row[tuple[object, ...]]) -> Due:
    fields = row._mapping
    alarm = Alarm(**{column.name: fields[column] for column in alarms.c})
    return Due(alarm, fields["last_ts"], fields["last_arrival"], fields["cleared_at"])
