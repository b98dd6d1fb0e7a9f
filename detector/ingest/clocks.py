"""How far each device's clock is off, and, where asked for, times by arrival instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from detector.records import Samples

MOST_DEVICES = 100_000
LOOK_S = 10.0  # the offset is the least of two such whiles: of what came with the least delay


@dataclass(slots=True)
class _Clock:
    """Of one device.

    Attributes:
        is_replaced: The settings ask for times by arrival where it is off.
        before: The least offset of the while before: arrival minus newest sample, seconds.
        least: The least of this while.
        until: When this while ends, UTC seconds.
        shift_s: What is added to its times.
    """

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
        self._limit_s = limit_s
        self._is_replaced = is_replaced
        self._clocks: dict[str, _Clock] = {}

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
        clock = self._clocks.get(device)
        if clock is None:
            if len(self._clocks) >= MOST_DEVICES:
                return samples
            clock = _Clock(self._is_replaced(device), offset, offset, arrival + LOOK_S)
            self._clocks[device] = clock
        if arrival >= clock.until:
            clock.before, clock.least, clock.until = clock.least, offset, arrival + LOOK_S
        clock.least = min(clock.least, offset)
        if not clock.is_replaced:
            return samples
        if abs(offset - clock.shift_s) > self._limit_s:
            clock.shift_s = offset
        return replace(samples, ts=samples.ts + clock.shift_s) if clock.shift_s else samples
