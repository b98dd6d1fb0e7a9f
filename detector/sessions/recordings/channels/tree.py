"""Nested named values, as MATLAB and HDF5 hold them, whatever library read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

import numpy as np

from detector.sessions.recordings.channels.channel import Array, Channel


@dataclass(frozen=True, slots=True)
class Numbers:
    """An array: of numbers, times, or of words one a row.

    Attributes:
        values: Has ``shape`` and ``dtype`` and is read by slices; need not be in memory.
        unit: Empty where it is not told.
        told: Numbers beside it that may tell its rate, by name.
        first: Time of its first row, UTC seconds, where it is told.
        names: Of its columns, where they are told.
        reversed: Whether the axes stand the other way round, as MATLAB's do in HDF5.
    """

    values: Any
    unit: str = ""
    told: dict[str, float] = field(default_factory=dict)
    first: float | None = None
    names: tuple[str, ...] = ()
    reversed: bool = False

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return prod(self.values.shape)

    @property
    def sides(self) -> tuple[int, ...]:
        """The axes along which there is more than one number, rows first."""
        axes = [k for k, n in enumerate(self.values.shape) if n > 1]
        return tuple(reversed(axes) if self.reversed else axes)

    def one(self) -> object:
        """The only value: a number, a word or a time.

        Raises:
            ValueError: If there are more.
        """
        value = np.asarray(self.values[...]).reshape(-1)[:1]
        return value[0] if value.dtype.kind == "M" else value.item()


@dataclass(frozen=True, slots=True)
class Text:
    """Words: one, or a row of them.

    Attributes:
        words: As they stand, without the blanks around them.
    """

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """What is not read.

    Attributes:
        why: In words, for whoever misses it.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Items:
    """Values in a row: a cell array, a struct array.

    Attributes:
        items: In their order.
    """

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Struct:
    """Values by name: a file, a group, a struct.

    Attributes:
        fields: In the file's order.
        told: Numbers beside them that may tell the rate of all, by name.
        first: Time of the first row of all, UTC seconds, where it is told.
        unread: What is not one of the fields, and why, by name.
    """

    fields: dict[str, Node]
    told: dict[str, float] = field(default_factory=dict)
    first: float | None = None
    unread: dict[str, str] = field(default_factory=dict)


Node: TypeAlias = Numbers | Text | Unread | Items | Struct


def columns_of(name: str, numbers: Numbers, names: tuple[str, ...], axis: int) -> list[Channel]:
    """The channels of an array of one or two sides.

    Args:
        name: Of the array.
        numbers: The array.
        names: Of its columns; empty: numbered.
        axis: Along which the rows are.
    """
    across = next((k for k in numbers.sides if k != axis), None)
    if across is None:
        return [_column(name, numbers, axis, None, 0)]
    count = numbers.values.shape[across]
    labels = names if len(names) == count else tuple(f"{name}.{k}" for k in range(count))
    return [_column(label, numbers, axis, across, k) for k, label in enumerate(labels)]


def _column(name: str, numbers: Numbers, axis: int, across: int | None, k: int) -> Channel:
    index: list[int | slice] = [0] * len(numbers.values.shape)
    if across is not None:
        index[across] = k

    def read(start: int, end: int) -> Array:
        rows = [*index[:axis], slice(start, end), *index[axis + 1 :]]
        return np.asarray(numbers.values[tuple(rows)])

    return Channel(name, numbers.values.shape[axis], read, numbers.unit, first=numbers.first)
