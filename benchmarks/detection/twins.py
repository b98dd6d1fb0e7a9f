"""One run of one machine as it would be with each of several kinds of damage.

All of them turn, shake and are looked at by the same chance, so what they share is made once, and
what is heard of a damage is made only where there is one: the numbers are those of each ``Motor``.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import numpy as np

from simulator.machines.motor import Motor, Samples
from simulator.machines.sensor import Array, FrontEnd
from simulator.machines.shaft import Turn

SETTLES = 3  # blocks after a damage, in which the sensor's filter forgets it


class _Twin:
    """A damaged machine beside the healthy one."""

    def __init__(self, motor: Motor, healthy: FrontEnd) -> None:
        self._motor, self._healthy = motor, healthy
        self._front: FrontEnd | None = None  # while it differs
        self._since = 0  # blocks without damage

    def report(self, base: Array, turn: Turn, ts: Array, temp_c: Array) -> Array | None:
        """What its sensor reports, before the healthy one's does; None: the same."""
        added = self._motor._damage_at(turn, ts)
        is_damaged = not isinstance(added, float)
        self._since = 0 if is_damaged else self._since + 1
        if self._front is None and is_damaged:
            self._front = deepcopy(self._healthy)
        if self._since > SETTLES:
            self._front = None
        return None if self._front is None else self._front.report(base + added, temp_c)


def twins(healthy: Motor, damaged: Mapping[str, Motor], blocks: int) -> dict[str, Samples]:
    """The same seconds of a machine and of others that differ from it by their damages.

    Args:
        healthy: A new one without damage.
        damaged: New ones of the same design, seed, session, probe and habits, by name.
        blocks: How many blocks of about a second.

    Returns:
        By name.
    """
    others = {name: _Twin(motor, healthy._front) for name, motor in damaged.items()}
    rows: dict[str, list[Array]] = {name: [] for name in damaged}
    n, factor, rate_hz = healthy._chunk_rows, healthy.factor, healthy.rate_hz
    seen = slice(factor - 1, None, factor)
    for block in range(blocks):
        turn, operation = healthy._shaft.take(n * factor)
        ts = (block * n * factor + np.arange(n * factor)) / healthy.internal_hz
        supply = np.interp(
            np.linspace(0, len(operation) - 1, n), np.arange(len(operation)), operation.supply
        )
        temp_c = healthy._thermometer.take(turn.speed[seen], turn.load[seen], 1.0 / rate_hz)
        base = healthy._signature.shake(turn)
        found = {name: twin.report(base, turn, ts, temp_c) for name, twin in others.items()}
        mine = healthy._front.report(base, temp_c)
        rpm = healthy._tachometer(60.0 * healthy.design.rated_hz * turn.speed[seen])
        rest = np.column_stack([rpm, turn.load[seen], supply, temp_c])
        for name, acc in found.items():
            rows[name].append(np.column_stack([mine if acc is None else acc, rest]))
    return {name: _samples(np.concatenate(one), rate_hz) for name, one in rows.items()}


def _samples(rows: Array, rate_hz: float) -> Samples:
    ts = np.arange(len(rows)) / rate_hz
    return Samples(ts, rows[:, :3], rows[:, 3], rows[:, 4], rows[:, 5], rows[:, 6])
