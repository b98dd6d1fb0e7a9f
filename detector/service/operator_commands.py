"""Operator commands from the store: applied within a second, and each told what came of it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from detector.alarms import requests
from detector.alarms.answers import answer
from detector.alarms.desk import AlarmDesk
from detector.engines.contract import ScoringEngine
from detector.errors import AlarmError
from detector.flights.ring import Waveforms
from detector.records import Command
from detector.service.newcomers import Newcomers
from detector.store import commands, commissionings, devices
from detector.store.schema import Connection

logger = logging.getLogger(__name__)

THRESHOLD_RANGE = (0.01, 1000.0)
APPLIED = "applied"
KNOWN = (
    *(commands.THRESHOLD, commands.DELAYS, "confirm", commands.COMMISSION, commands.WAVEFORM),
    *requests.KINDS,
    commands.RELOAD,
    commands.FAULT,
)


@dataclass(frozen=True)
class Operated:
    """What operators' commands act on."""

    engine: ScoringEngine
    newcomers: Newcomers
    desk: AlarmDesk
    waveforms: Waveforms | None = None
    has_simulators: bool = False
    pending: Callable[[Connection], list[Command]] = commands.pending

    def apply_pending(self, connection: Connection) -> list[Command]:
        """Apply what waits, except reloads, which take longer than a tick; see ``Reloads``.

        Nor faults, where simulators are listened for; see ``SimulatorDesk``.

        Returns:
            Those that were applied. A device that was commissioned waits for ``Renewal.renew``.
        """
        apart = {commands.RELOAD, *((commands.FAULT,) if self.has_simulators else ())}
        waiting = [one for one in self.pending(connection) if one.kind not in apart]
        return [one for one in waiting if self._apply(connection, one)]

    def _apply(self, connection: Connection, command: Command) -> bool:
        """Apply one command; what was refused says why. Returns whether it was applied."""
        outcome = self._outcome(connection, command)
        commands.mark_applied(connection, command.id, outcome)
        logger.info("%s: %s %s by %s: %s", command.device, command.kind, command.value,
                    command.who, outcome)  # fmt: skip
        return outcome == APPLIED

    def _outcome(self, connection: Connection, command: Command) -> str:
        if command.kind in {commands.THRESHOLD, commands.DELAYS}:
            return self._tune(connection, command)
        if command.kind == "confirm":
            return self.newcomers.confirm(command.device, command.who)
        if command.kind == commands.COMMISSION:
            return self._commission(connection, command.device)
        if command.kind in requests.KINDS:
            return answer(connection, self.desk, command, time.time())
        return self._other(command)

    def _other(self, command: Command) -> str:
        """What needs no connection."""
        if command.kind == commands.WAVEFORM:
            is_there = self.waveforms is not None and self.waveforms.ask(command.device)
            return APPLIED if is_there else f"refused: no waveform of {command.device} is kept"
        if command.kind == commands.FAULT:
            return "refused: no simulator is listened for, allowed: mqtt.simulators = true"
        return f"refused: unknown command {command.kind}, allowed: {', '.join(KNOWN)}"

    def _tune(self, connection: Connection, command: Command) -> str:
        """Move the threshold or the delays of a device."""
        is_threshold = command.kind == commands.THRESHOLD
        try:
            requests.who_of(command.who)
            (self._set_threshold if is_threshold else self._set_delays)(connection, command)
        except AlarmError as error:
            return f"refused: {error}"
        return APPLIED

    def _set_threshold(self, connection: Connection, command: Command) -> None:
        value = command.value.get("threshold", math.nan)  # None: as the settings say
        if value is not None and not _is_threshold(value):
            low, high = THRESHOLD_RANGE
            raise AlarmError(f"threshold {value!r}, allowed: {low:g} to {high:g}")
        self.engine.set_threshold(command.device, None if value is None else float(value))
        now = self.engine.threshold_of(command.device)
        devices.set_threshold(connection, command.device, now)

    def _set_delays(self, connection: Connection, command: Command) -> None:
        delays, device = requests.delays_of(command.value), command.device
        if devices.one(connection, device) is None:
            raise AlarmError(f"device {device}: was never seen, see `faultline devices`")
        self.desk.settings.given.pop(device, None)
        if delays is not None:
            self.desk.settings.given[device] = delays
        self.engine.follow_rule(device)

    def _commission(self, connection: Connection, device: str) -> str:
        """The store says what is in force; a later command may have changed it already."""
        found = commissionings.in_force(connection, device)
        if found is None:
            self.engine.owns.pop(device, None)
        else:
            self.engine.owns[device] = found.own
        return APPLIED


def _is_threshold(value: object) -> bool:
    low, high = THRESHOLD_RANGE
    return not isinstance(value, bool) and isinstance(value, int | float) and low <= value <= high
