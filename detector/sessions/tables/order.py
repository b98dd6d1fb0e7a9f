"""Rows in order of time: sorted, repeated ones dropped, a clock set back told from shuffled rows.

Whether rows are out of order or the clock was set back shows in the merged order: what was shuffled
or moved as a block goes back to its place, while two stretches of the same time interleave row by
row. The first is sorted, the second cut in two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from detector.records import Flags, Times
from detector.text import counted

FEW_STEPS_BACK, LONG_RUN = 5, 20  # a clock is set back seldom; there are rows between
MOST_SWITCHES = 4  # between stretches, for each, where blocks only moved
COARSE_SHARE = 0.05
INTERLEAVED = 3  # stretches per session

Rows: TypeAlias = npt.NDArray[np.intp]
SameRows: TypeAlias = Callable[[Rows, Rows], Flags]


class CoarseTimesError(ValueError):
    """Many rows have a time of others."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows in order that belong together.

    Attributes:
        rows: Of the table; a slice where nothing was moved.
        session: Code of its session; None: there are none.
        begins: Row at which the time stepped back, from 0; None: it did not.
    """

    rows: slice | Rows
    session: int | None = None
    begins: int | None = None


@dataclass(slots=True)
class Order:
    """Puts the rows of one table in order.

    Args:
        ts: Shape (n,), complete.
        same: Whether rows hold the same values, pair by pair.

    Attributes:
        late: Rows that stood after later ones.
        repeated: Rows dropped as the same as others.
        differing: Rows dropped whose time, but not whose values, others have.
        backward: Rows at which a clock was set back.
    """

    ts: Times
    same: SameRows
    late: int = 0
    repeated: int = 0
    differing: int = 0
    backward: list[int] = field(default_factory=list)
    gathered: bool = False

    def pieces(self, sessions: npt.NDArray[np.int32] | None) -> list[Piece]:
        """All rows, in order within each session.

        Args:
            sessions: Shape (n,), codes; None: all rows are one.

        Raises:
            CoarseTimesError: If too many rows have a time of others.
        """
        found: list[Piece] = []
        for rows, session in self._sessions(sessions):
            found += self._ordered(rows, session)
        if self.differing > COARSE_SHARE * len(self.ts):
            raise CoarseTimesError(
                f"{self.differing:,} of {counted(len(self.ts), 'row')} have the time of another "
                "and other values"
            )
        return found

    def _sessions(
        self, sessions: npt.NDArray[np.int32] | None
    ) -> list[tuple[slice | Rows, int | None]]:
        if sessions is None:
            return [(slice(0, len(self.ts)), None)]
        edges = [0, *(np.flatnonzero(np.diff(sessions)) + 1).tolist(), len(sessions)]
        codes = np.unique(sessions)
        if len(edges) - 1 > INTERLEAVED * len(codes):
            self.gathered = True
            return [(np.flatnonzero(sessions == code), int(code)) for code in codes]
        return [(slice(a, b), int(sessions[a])) for a, b in pairwise(edges)]

    def _ordered(self, rows: slice | Rows, session: int | None) -> list[Piece]:
        ts = self.ts[rows]
        steps = np.diff(ts)
        if (steps > 0).all():
            return [Piece(rows, session)]
        numbers = _numbers(rows)
        back = np.flatnonzero(steps < 0) + 1
        order = np.argsort(ts, kind="stable")
        kept = self._without_repeats(numbers[order])
        if self._was_set_back(back, numbers, kept):
            return self._parted(back, numbers, session)
        self.late += int((ts < np.maximum.accumulate(ts)).sum())
        self._count_repeats(numbers[order])
        return [Piece(kept, session)]

    def _without_repeats(self, ordered: Rows) -> Rows:
        repeats = np.diff(self.ts[ordered], prepend=-np.inf) == 0
        return np.asarray(ordered[~repeats])

    def _count_repeats(self, ordered: Rows) -> None:
        repeats = np.flatnonzero(np.diff(self.ts[ordered]) == 0) + 1
        equal = self.same(ordered[repeats], ordered[repeats - 1])
        self.repeated += int(equal.sum())
        self.differing += int((~equal).sum())

    def _was_set_back(self, back: Rows, numbers: Rows, kept: Rows) -> bool:
        """Steps back between long stretches that do not fit between each other."""
        if not len(back) or len(numbers) < LONG_RUN * (len(back) + 1):
            return False
        stretch = np.searchsorted(numbers[back], kept, side="right")
        switches = int(np.count_nonzero(np.diff(stretch)))
        most = MOST_SWITCHES * (len(back) + 1) if len(back) <= FEW_STEPS_BACK else len(numbers) // 2
        return switches > most or self._differing(numbers) > most

    def _differing(self, numbers: Rows) -> int:
        """Rows whose time, but not whose values, others have."""
        ordered = numbers[np.argsort(self.ts[numbers], kind="stable")]
        again = np.flatnonzero(np.diff(self.ts[ordered]) == 0) + 1
        differing = ~self.same(ordered[again], ordered[again - 1])
        return int(differing.sum())

    def _parted(self, back: Rows, numbers: Rows, session: int | None) -> list[Piece]:
        found: list[Piece] = []
        for start, end in pairwise([0, *back.tolist(), len(numbers)]):
            part = numbers[start:end]
            self._count_repeats(part)
            begins = int(part[0]) if start else None
            if begins is not None:
                self.backward.append(begins)
            found.append(Piece(self._without_repeats(part), session, begins))
        return found

    def notes(self, line_of_row: Callable[[int], str]) -> list[str]:
        """What was done, a sentence each."""
        told = []
        if self.gathered:
            told.append("rows of several sessions alternate: those of each were put together")
        if self.late:
            told.append(f"{counted(self.late, 'row')} stood after later ones: sorted by time")
        if self.repeated:
            told.append(f"{counted(self.repeated, 'repeated row')} dropped")
        if self.differing:
            found = counted(self.differing, "row")
            told.append(f"{found} dropped: same time as another, other values")
        apart = "read as a recording of its own"
        told += [f"time steps back at {line_of_row(row)}: {apart}" for row in self.backward]
        return told


def _numbers(rows: slice | Rows) -> Rows:
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
