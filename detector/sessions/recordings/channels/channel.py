"""A named sequence of values that is read row by row, and where values with one time base stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
ReadRows: TypeAlias = Callable[[int, int], Array]


@dataclass(frozen=True, slots=True)
class Channel:
    """Values under one name.

    Attributes:
        name: Inside its scope.
        length: Rows.
        read: Rows from the first up to, not including, the second: numbers, text or times.
        unit: Empty where the file does not tell it.
        rate_hz: Where it is told of this channel.
        first: Time of the first row, UTC seconds, where it is told of this channel.
        times: The channel's own time column, where it has one.
        notes: What was found of it, a sentence each.
    """

    name: str
    length: int
    read: ReadRows
    unit: str = ""
    rate_hz: float | None = None
    first: float | None = None
    times: Channel | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Scope:
    """What stands side by side: a file, a group, a struct.

    Attributes:
        path: From the file down, dotted; empty for the file itself.
        channels: In the file's order.
        rate_hz: Told of all that stands here and below.
        first: Time of the first row, UTC seconds, told likewise.
        parent: What it stands in.
        left_out: What is no channel, and why, by path.
        notes: A sentence each.
    """

    path: str = ""
    channels: list[Channel] = field(default_factory=list)
    rate_hz: float | None = None
    first: float | None = None
    parent: Scope | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def path_of(self, name: str) -> str:
        """Path of what stands here under a name."""
        return f"{self.path}.{name}" if self.path else name


def held(name: str, values: Array, unit: str = "") -> Channel:
    """A channel whose values are in memory.

    Args:
        name: Of the channel.
        values: Shape (n,).
        unit: Empty: not told.
    """
    return Channel(name, len(values), lambda start, end: values[start:end], unit)


def plain(values: Array) -> Array:
    """Values in a type that pandas holds: this machine's byte order, at most 64 bits a number."""
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        return values.astype(np.float64)
    return values.astype(values.dtype.newbyteorder("="), copy=False)
