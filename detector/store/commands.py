"""Operator commands: written by the page, applied by the detector, kept as the audit log."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Command
from detector.store.schema import alarms, commands, devices, new_id

THRESHOLD, DELAYS = "threshold", "delays"  # kinds of those that tune a device
RELOAD = "reload"  # kind of a command that asks for the settings to be read again
COMMISSION = "commission"  # kind of one after which a device has another commissioning, or none
WAVEFORM = "waveform"  # kind of one that has a device's newest waveform written
NOTE = "note"  # kind of one that says something of a stretch of a device's time
ADDRESSEE = "detector"  # in the value of a reload: the one it is for, where there are several
FAULT = "fault"  # kind of one that asks the simulator of a device for a fault
MOST_ID = 2**31 - 1  # of an alarm in PostgreSQL
APPLIED, REFUSED = "applied: ", "refused: "  # how the outcome of one begins


def issue(connection: Connection, device: str, kind: str, value: dict[str, Any], who: str) -> int:
    """Write a command for the detector; returns its id."""
    row = commands.insert().values(
        device=device, kind=kind, value=value, who=who, issued_at=time.time()
    )
    return new_id(connection, row)


def pending(
    connection: Connection, detector: str | None = None, *, keeps: bool = True
) -> list[Command]:
    """Commands not applied yet, the oldest first.

    Args:
        connection: To the store.
        detector: Those alone that it is to apply: of what it looks after; None: all.
        keeps: Whether it is the one that keeps the store, and so applies what is nobody's.
    """
    waiting = _read(connection, commands.c.applied_at.is_(None))
    if detector is None:
        return waiting
    mine = {detector, ""} if keeps else {detector}
    return [one for one in waiting if _whose(connection, one) in mine]


def _whose(connection: Connection, command: Command) -> str:
    """The detector that a command is for: it looks after what it is about; empty: none does."""
    if command.kind == RELOAD:
        return str(command.value.get(ADDRESSEE, ""))
    query = sa.select(devices.c.detector).where(devices.c.device == command.device)
    if not command.device:
        ids = command.value.get("alarms")
        first = ids[0] if isinstance(ids, list) and ids else None
        if isinstance(first, bool) or not isinstance(first, int) or not 0 < first <= MOST_ID:
            return ""
        query = sa.select(alarms.c.detector).where(alarms.c.id == first)
    return connection.execute(query).scalar() or ""


def one(connection: Connection, command_id: int) -> Command:
    """A command, applied or not; it must be there."""
    [found] = _read(connection, commands.c.id == command_id)
    return found


def latest(connection: Connection, device: str, kind: str) -> Command | None:
    """The newest command of a kind for a device, applied or not; None when there is none."""
    query = (
        sa.select(commands)
        .where(commands.c.device == device, commands.c.kind == kind)
        .order_by(commands.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else Command(**row._mapping)


def recent(connection: Connection, kind: str, most: int) -> list[Command]:
    """The newest commands of a kind, applied or not, the newest first."""
    query = (
        sa.select(commands)
        .where(commands.c.kind == kind)
        .order_by(commands.c.id.desc())
        .limit(most)
    )
    return [Command(**row._mapping) for row in connection.execute(query)]


def mark_applied(connection: Connection, command_id: int, outcome: str) -> None:
    """Note that a command was dealt with; ``outcome``: see ``Command``."""
    connection.execute(
        commands.update()
        .where(commands.c.id == command_id)
        .values(applied_at=time.time(), outcome=outcome)
    )


def thresholds(connection: Connection) -> dict[str, float]:
    """The threshold each device was last given by an operator, unless it was reset since."""
    newest = {
        command.device: command.value["threshold"] for command in said(connection, [THRESHOLD])
    }
    return {device: float(value) for device, value in newest.items() if value is not None}


def delays(connection: Connection) -> dict[str, dict[str, float]]:
    """The delays each device was last given by an operator, unless they were reset since."""
    newest = {command.device: command.value["delays"] for command in said(connection, [DELAYS])}
    return {device: value for device, value in newest.items() if value is not None}


def of_device(
    connection: Connection, device: str, kinds: Sequence[str], limit: int
) -> list[Command]:
    """Commands of some kinds for a device, whatever came of them, the newest first."""
    query = sa.select(commands).where(commands.c.device == device, commands.c.kind.in_(kinds))
    rows = connection.execute(query.order_by(commands.c.id.desc()).limit(limit))
    return [Command(**row._mapping) for row in rows]


def said(connection: Connection, kinds: Sequence[str]) -> list[Command]:
    """What was applied of some kinds, the oldest first."""
    return _read(connection, sa.and_(commands.c.kind.in_(kinds), commands.c.outcome == "applied"))


def about(connection: Connection, alarm_id: int) -> list[Command]:
    """What operators said to an alarm, whatever came of it, the oldest first."""
    mentions = sa.cast(commands.c.value, sa.Text).like(f"%{alarm_id}%")
    found = _read(connection, mentions)
    return [one for one in found if alarm_id in (one.value.get("alarms") or ())]


def comments(connection: Connection) -> dict[int, list[Command]]:
    """What operators wrote beside alarms, by alarm, the oldest first."""
    found: dict[int, list[Command]] = {}
    for command in said(connection, ["comment"]):
        for number in command.value["alarms"]:
            found.setdefault(number, []).append(command)
    return found


def notes(connection: Connection, device: str, limit: int = 100) -> list[Command]:
    """What operators wrote beside stretches of a device's time, the newest first."""
    query = (
        sa.select(commands)
        .where(
            commands.c.device == device, commands.c.kind == NOTE, commands.c.outcome == "applied"
        )
        .order_by(commands.c.id.desc())
        .limit(limit)
    )
    return [Command(**row._mapping) for row in connection.execute(query)]


def _read(connection: Connection, condition: sa.ColumnElement[Any]) -> list[Command]:
    query = sa.select(commands).where(condition).order_by(commands.c.id)
    return [Command(**row._mapping) for row in connection.execute(query)]


def user() -> str:
    """Who asks from a command line: the user of this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"
