"""Faults that people ask simulators for: commands of the store handed on, and what is heard told.

Beside the scoring: a simulator's fault changes nothing of the detector's own.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Protocol

from detector.folding import Folding
from detector.records import Command
from detector.simulated_records import Simulated
from detector.store import commands
from detector.store.connecting import reason_of
from detector.store.schema import Connection, Engine, StoreFailure
from detector.store.told import facts

logger = logging.getLogger(__name__)

LOOK_S = 0.5
TELL_S = 60.0
LONGEST_S = 3600.0


class Hears(Protocol):
    """What of the simulators is used."""

    def here(self) -> list[Simulated]:
        """Those that are there."""
        ...

    def ask(self, device: str, request: dict[str, object]) -> bool:
        """Ask for a fault; returns whether somebody is there to hear it."""
        ...


class SimulatorDesk:
    """Hands requests on and writes what was heard; by the tick.

    Args:
        store: Open; this process holds its lease.
        simulators: Heard.
        pending: Commands that wait for this detector.
        name: Its name.
    """

    def __init__(
        self,
        store: Engine,
        simulators: Hears,
        pending: Callable[[Connection], list[Command]] = commands.pending,
        name: str = "",
    ) -> None:
        self._store, self._simulators = store, simulators
        self._pending, self._name = pending, name
        self._due, self._told = 0.0, Folding(1, TELL_S)
        self._written: list[Simulated] | None = None

    def step(self) -> None:
        """Do what is due; a store that fails is tried again."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + LOOK_S
        try:
            with self._store.begin() as connection:
                waiting = [one for one in self._pending(connection) if one.kind == commands.FAULT]
                for command in waiting:
                    commands.mark_applied(connection, command.id, self._outcome(command))
                found = self._simulators.here()
                if found != self._written:
                    facts.write(connection, facts.SIMULATED, found, self._name)
                    self._written = found
        except StoreFailure as error:
            if (more := self._told.tail("store")) is not None:
                logger.warning("simulators: store: %s%s", reason_of(error), more)

    def _outcome(self, command: Command) -> str:
        request, reason = _request(command)
        if reason:
            return f"{commands.REFUSED}{reason}"
        if not self._simulators.ask(command.device, request):
            return f"{commands.REFUSED}{command.device} is not simulated, or its simulator is gone"
        logger.info("%s: fault %s asked for by %s", command.device, request, command.who)
        return "applied"


def _request(command: Command) -> tuple[dict[str, object], str]:
    """What is asked of the simulator, and why it cannot be."""
    value = command.value
    family, severity = value.get("family"), value.get("severity")
    seconds, feature = value.get("seconds"), value.get("feature")
    if not isinstance(family, str) or not family:
        return {}, "no family, allowed: one that the simulator names"
    if not _is_within(severity, 1.0):
        return {}, f"severity {severity!r}, allowed: above 0 to 1"
    if not _is_within(seconds, LONGEST_S):
        return {}, f"seconds {seconds!r}, allowed: above 0 to {LONGEST_S:g}"
    if feature is not None and not isinstance(feature, str):
        return {}, f"feature {feature!r}, allowed: a name"
    request = {"family": family, "severity": severity, "seconds": seconds}
    return request if feature is None else {**request, "feature": feature}, ""


def _is_within(value: object, most: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 < value <= most  # type: ignore[arg-type, operator]
