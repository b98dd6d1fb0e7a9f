"""What alarms are held back, and what the alarm rule remembers."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Hold
from detector.store.schema import alarm_holds, alarm_memory

Point = tuple[str, str]  # device and kind


def held(connection: Connection, besides: Container[str] = ()) -> list[Hold]:
    """All that is held back, ended or not, of some devices aside."""
    found = [Hold(**row._mapping) for row in connection.execute(sa.select(alarm_holds))]
    return [one for one in found if one.device not in besides]


def hold(connection: Connection, wanted: Hold) -> None:
    """Hold alarms back, instead of an earlier hold of the same kind."""
    release(connection, wanted)
    connection.execute(alarm_holds.insert().values(asdict(wanted)))


def release(connection: Connection, ended: Hold) -> None:
    """Hold them back no more."""
    connection.execute(
        alarm_holds.delete().where(
            alarm_holds.c.device == ended.device,
            alarm_holds.c.kind == ended.kind,
            alarm_holds.c.life == ended.life,
        )
    )


def memories(connection: Connection, besides: Container[str] = ()) -> dict[Point, dict[str, Any]]:
    """What is remembered of each device and kind, some devices aside."""
    rows = connection.execute(sa.select(alarm_memory))
    return {(row.device, row.kind): row.memory for row in rows if row.device not in besides}


def remember(connection: Connection, changed: Mapping[Point, dict[str, Any] | None]) -> None:
    """Store what is remembered from now on; None: nothing."""
    if not changed:
        return
    connection.execute(_FORGET, [{"whose": device, "which": kind} for device, kind in changed])
    rows = [
        {"device": device, "kind": kind, "memory": memory}
        for (device, kind), memory in changed.items()
        if memory is not None
    ]
    if rows:
        connection.execute(alarm_memory.insert(), rows)


_FORGET = alarm_memory.delete().where(
    alarm_memory.c.device == sa.bindparam("whose"), alarm_memory.c.kind == sa.bindparam("which")
)
