"""Operator commands from the store: applied within a second, and each told what came of it."""

from __future__ import annotations

import logging

from detector.records import Command
from detector.scoring.fleet import Fleet
from detector.service.newcomers import Newcomers
from detector.store import commands, commissionings, devices
from detector.store.schema import Connection

logger = logging.getLogger(__name__)

THRESHOLD_RANGE = (0.01, 1000.0)
APPLIED = "applied"


def apply_pending(connection: Connection, fleet: Fleet, newcomers: Newcomers) -> list[Command]:
    """Apply what waits, except reloads, which take longer than a tick; see ``Reloads``.

    Returns:
        Those that were applied. A device that was commissioned waits for ``Renewal.renew``.
    """
    waiting = [one for one in commands.pending(connection) if one.kind != commands.RELOAD]
    return [c for c in waiting if _apply(connection, fleet, newcomers, c)]


def _apply(connection: Connection, fleet: Fleet, newcomers: Newcomers, command: Command) -> bool:
    """Apply one command; what was refused says why. Returns whether it was applied."""
    if command.kind == "threshold":
        outcome = _set_threshold(connection, fleet, command)
    elif command.kind == "confirm":
        outcome = newcomers.confirm(command.device, command.who)
    elif command.kind == commands.COMMISSION:
        outcome = _commission(connection, fleet, command)
    else:
        allowed = "threshold, confirm, commission, reload"
        outcome = f"refused: unknown command {command.kind}, allowed: {allowed}"
    commands.mark_applied(connection, command.id, outcome)
    logger.info("%s: %s %s by %s: %s", command.device, command.kind, command.value,
                command.who, outcome)  # fmt: skip
    return outcome == APPLIED


def _set_threshold(connection: Connection, fleet: Fleet, command: Command) -> str:
    low, high = THRESHOLD_RANGE
    value = command.value.get("threshold")
    if not isinstance(value, int | float) or not low <= value <= high:
        return f"refused: threshold {value!r}, allowed: {low:g} to {high:g}"
    fleet.set_threshold(command.device, float(value))
    devices.set_threshold(connection, command.device, float(value))
    return APPLIED


def _commission(connection: Connection, fleet: Fleet, command: Command) -> str:
    """The store says what is in force; a later command may have changed it already."""
    found = commissionings.in_force(connection, command.device)
    if found is None:
        fleet.owns.pop(command.device, None)
    else:
        fleet.owns[command.device] = found.own
    return APPLIED
