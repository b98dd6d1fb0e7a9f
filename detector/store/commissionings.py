"""What machines were commissioned with: every version, who and when; the newest one counts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.normal.level import Own
from detector.store.schema import commissionings


@dataclass(frozen=True, slots=True)
class Commissioning:
    """One version.

    Attributes:
        device: Name of the machine.
        version: 1 for its first.
        own: What was learnt.
        who: Who asked for it.
        at: When, UTC seconds.
        why: Said with ``--anyway``; None where nothing was to be said.
        undone_by: Who took it back; None where nobody did.
        undone_at: When, UTC seconds; None likewise.
    """

    device: str
    version: int
    own: Own
    who: str
    at: float
    why: str | None = None
    undone_by: str | None = None
    undone_at: float | None = None


def write(connection: Connection, device: str, own: Own, who: str, why: str | None) -> int:
    """Keep what was learnt as the version in force; returns its number."""
    newest = sa.select(sa.func.max(commissionings.c.version)).where(
        commissionings.c.device == device
    )
    version = (connection.execute(newest).scalar() or 0) + 1
    connection.execute(
        commissionings.insert().values(
            device=device, version=version, own=msgspec.to_builtins(own), who=who, at=time.time(),
            why=why,
        )
    )  # fmt: skip
    return version


def undo(connection: Connection, device: str, who: str) -> int | None:
    """Take the version in force back; returns its number, None where there is none."""
    found = in_force(connection, device)
    if found is None:
        return None
    connection.execute(
        commissionings.update()
        .where(commissionings.c.device == device, commissionings.c.version == found.version)
        .values(undone_by=who, undone_at=time.time())
    )
    return found.version


def in_force(connection: Connection, device: str) -> Commissioning | None:
    """The newest version that was not undone; None where there is none."""
    rows = _read(connection, commissionings.c.device == device)
    return rows[-1] if rows else None


def every(connection: Connection) -> dict[str, Own]:
    """What is in force, by device."""
    return {device: one.own for device, one in all_in_force(connection).items()}


def all_in_force(connection: Connection) -> dict[str, Commissioning]:
    """The newest version of each device that was not undone."""
    return {one.device: one for one in _read(connection, sa.true())}


def history(connection: Connection, device: str) -> list[Commissioning]:
    """Every version of a device, the newest first, those undone among them."""
    found = _versions(connection, commissionings.c.device == device)
    return found[::-1]


def _read(connection: Connection, condition: sa.ColumnElement[Any]) -> list[Commissioning]:
    """Those that were not undone."""
    return _versions(connection, sa.and_(condition, commissionings.c.undone_at.is_(None)))


def _versions(connection: Connection, condition: sa.ColumnElement[Any]) -> list[Commissioning]:
    query = sa.select(commissionings).where(condition).order_by(commissionings.c.version)
    return [
        Commissioning(
            row.device, row.version, msgspec.convert(row.own, Own), row.who, row.at, row.why,
            row.undone_by, row.undone_at,
        )
        for row in connection.execute(query)
    ]  # fmt: skip
