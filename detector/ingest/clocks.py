"""How far each device's clock is off, and, where asked for, times by arrival instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from detector.records import Samples

MOST_DEVICES = 100_000
LOOK_S = 10.0  # the offset is the least of two such whiles: of what came with the least delay


@dataclass(frozen=True, slots=True, eq=False)
class ClockRules:
    """What becomes of clocks that are wrong.

    Attributes:
        limit_s: A clock that is off by more is wrong.
        is_replaced: Whether a device's wrong clock gives way to the time of arrival.
    """

    limit_s: float
    is_replaced: Callable[[str], bool]


@dataclass(slots=True)
class _Clock:
    """Of one device.

    Attributes:
        rules: That ``is_replaced`` was asked of.
        is_replaced: The settings ask for times by arrival where it is off.
        before: The least offset of the while before: arrival minus newest sample, seconds.
        least: The least of this while.
        until: When this while ends, UTC seconds.
        shift_s: What is added to its times.
    """

    rules: ClockRules
    is_replaced: bool
    before: float
    least: float
    until: float
    shift_s: float = 0.0


class Clocks:
    """Measures the clocks of all devices; for the network thread, offsets may be read from any.

    Args:
        limit_s: A clock that is off by more is wrong.
        is_replaced: Whether a device's wrong clock gives way to the time of arrival.
    """

    def __init__(self, limit_s: float, is_replaced: Callable[[str], bool]) -> None:
        self._rules = ClockRules(limit_s, is_replaced)
        self._clocks: dict[str, _Clock] = {}

    def follow(self, rules: ClockRules) -> None:
        """Go by other rules from the next message of each device on; from any thread."""
        self._rules = rules

    def offset_s(self, device: str) -> float | None:
        """How far a device's clock is behind ours, seconds; None when nothing is known."""
        clock = self._clocks.get(device)
        return None if clock is None else min(clock.before, clock.least)

    def settle(self, device: str, samples: Samples, arrival: float) -> Samples:
        """Measure by one message, and move its samples where that is asked for.

        The spacing inside a message stays, and between messages too until the clock is off by
        the limit again.

        Args:
            device: Name of the machine.
            samples: Of the message.
            arrival: UTC seconds.
        """
        offset = arrival - float(samples.ts[-1])
        clock, rules = self._clocks.get(device), self._rules
        if clock is None:
            if len(self._clocks) >= MOST_DEVICES:
                return samples
            is_replaced = rules.is_replaced(device)
            clock = _Clock(rules, is_replaced, offset, offset, arrival + LOOK_S)
            self._clocks[device] = clock
        elif clock.rules is not rules:
            clock.rules, clock.is_replaced = rules, rules.is_replaced(device)
        if arrival >= clock.until:
            clock.before, clock.least, clock.until = clock.least, offset, arrival + LOOK_S
        clock.least = min(clock.least, offset)
        if not clock.is_replaced:
            return samples
        if abs(offset - clock.shift_s) > rules.limit_s:
            clock.shift_s = offset
        return replace(samples, ts=samples.ts + clock.shift_s) if clock.shift_s else samples
