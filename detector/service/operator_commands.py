"""Operator commands from the store: applied within a second, and each told what came of it."""

from __future__ import annotations

import logging

from detector.records import Command
from detector.scoring.fleet import Fleet
from detector.store import commands, devices
from detector.store.schema import Connection

logger = logging.getLogger(__name__)

THRESHOLD_RANGE = (0.01, 1000.0)


def apply_pending(connection: Connection, fleet: Fleet) -> list[str]:
    """Apply what waits, except reloads, which take longer than a tick; see ``Reloads``.

    Returns:
        Devices whose threshold was moved.
    """
    waiting = [one for one in commands.pending(connection) if one.kind != commands.RELOAD]
    return [command.device for command in waiting if _apply(connection, fleet, command)]


def _apply(connection: Connection, fleet: Fleet, command: Command) -> bool:
    """Apply one command; what was refused says why. Returns whether it was applied."""
    low, high = THRESHOLD_RANGE
    value = command.value.get("threshold")
    outcome = "applied"
    if command.kind != "threshold":
        outcome = f"refused: unknown command {command.kind}, allowed: threshold, reload"
    elif not isinstance(value, int | float) or not low <= value <= high:
        outcome = f"refused: threshold {value!r}, allowed: {low:g} to {high:g}"
    else:
        fleet.set_threshold(command.device, float(value))
        devices.set_threshold(connection, command.device, float(value))
    commands.mark_applied(connection, command.id, outcome)
    logger.info("%s: %s %s by %s: %s", command.device, command.kind, command.value,
                command.who, outcome)  # fmt: skip
    return outcome == "applied"
