"""What the rules learn from normal sessions: the largest measure of each channel by each rule."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Largest: TypeAlias = dict[str, dict[str, float]]  # by rule and channel


class SensorNormal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the sensors of one kind of machine.

    Attributes:
        largest: The largest measure of normal sessions, by rule and channel.
        seconds: Of the sessions it was learnt from.
    """

    largest: Largest
    seconds: float

    def of(self, rule: str, channel: str) -> float | None:
        """What was learnt; None where nothing was."""
        return self.largest.get(rule, {}).get(channel)
