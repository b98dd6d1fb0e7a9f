"""What is gathered of a table's rows before they are put in order, and the time of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.errors import SessionFileError
from detector.records import Flags, Times, Values
from detector.sessions.recordings.contract import Hints, Table
from detector.sessions.tables.candidates import ChosenTime
from detector.sessions.tables.columns.cells import BAD_SHARE, shown_cells
from detector.sessions.tables.columns.clocks import ReadTimes
from detector.sessions.tables.columns.moments import UnclearDatesError
from detector.sessions.tables.columns.names import Column
from detector.sessions.tables.columns.times import TimeColumn, joined
from detector.text import counted, inert, listed


class NoRecordingError(SessionFileError):
    """A table that holds no samples: no row, no time or no feature."""


@dataclass(frozen=True, slots=True)
class Job:
    """One table to read, with all that is known of it.

    Attributes:
        table: Where it comes from.
        where: File and table, for people.
        hints: What the caller says.
        features: Names to keep besides a running signal; None keeps all.
    """

    table: Table
    where: str
    hints: Hints
    features: Sequence[str] | None

    @property
    def rate_hz(self) -> float | None:
        """Samples per second where no column is the time, as the caller or the file says."""
        return self.hints.rate_hz or self.table.rate_hz

    def line_of_row(self, row: int) -> str:
        """Where a row stands, in words."""
        offset = self.table.row_offset
        return f"row {row + 1}" if offset is None else f"line {row + offset + 1}"

    def first_line(self) -> int | None:
        """Line of the first row, from 1; None: the file has no lines."""
        return None if self.table.row_offset is None else self.table.row_offset + 1


@dataclass(slots=True)
class Gathered:
    """All rows of a table, n with a time, as they stand there.

    Attributes:
        ts: Shape (n,).
        values: Shape (n, F).
        columns: The F features.
        has_date: See ``Findings``.
        label: Shape (n,), where there are labels.
        sessions: Shape (n,), codes, where rows name theirs.
        session_names: By code.
        left_out: What is no feature, and why.
        notes: What was found, a sentence each.
    """

    ts: Times
    values: Values
    columns: list[Column]
    has_date: bool
    label: Flags | None = None
    sessions: npt.NDArray[np.int32] | None = None
    session_names: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Clock:
    """The time of a table's rows: one column, a date and a time of day, or a rate.

    Args:
        chosen: The columns.
        job: The table.

    Raises:
        NoRecordingError: If there is neither a column nor a rate.
    """

    def __init__(self, chosen: ChosenTime, columns: Sequence[Column], job: Job) -> None:
        if not chosen.columns and job.rate_hz is None:
            raise NoRecordingError(
                f"{job.where}: no time column, found {listed([c.shown for c in columns], 8)}; "
                "allowed: ts, time, timestamp, datetime or the like, --time-column NAME, "
                "or --rate HZ where there is none"
            )
        self.notes = [chosen.note] if chosen.note else []
        self._job = job
        self._size = 0
        self._columns = [TimeColumn(c, job.hints.day_first) for c in chosen.columns]

    @property
    def has_column(self) -> bool:
        """Whether the rows have times of their own."""
        return bool(self._columns)

    def add(self, chunk: pd.DataFrame) -> None:
        """Take the next rows."""
        self._size += len(chunk)
        for column in self._columns:
            column.add(chunk.iloc[:, column.column.place])

    def read(self) -> tuple[ReadTimes, Flags | None]:
        """All rows' times.

        Returns:
            Times of all rows, and which rows have one; None: all.

        Raises:
            SessionFileError: If too many rows have none, or dates can be read in two ways.
        """
        if not self._columns:
            return self._evenly(self._job.rate_hz or 1.0), None
        try:
            read = [column.read() for column in self._columns]
        except UnclearDatesError as error:
            name = inert(self._columns[0].column.shown)
            raise SessionFileError(f"{self._job.where}: column {name}: {error}") from None
        times = read[0] if len(read) == 1 else joined(*read)
        if times.note:
            self.notes.append(times.note)
        return self._on_date(times), self._complete(times.seconds)

    def _evenly(self, rate_hz: float) -> ReadTimes:
        first = self._job.table.first
        ts = np.arange(self._size) / rate_hz + (first or 0.0)
        return ReadTimes(ts, has_date=first is not None)

    def _on_date(self, times: ReadTimes) -> ReadTimes:
        """Seconds of the file's own clock after the time that the file tells apart."""
        first = self._job.table.first
        if times.has_date or first is None:
            return times
        return replace(times, seconds=times.seconds + first, has_date=True)

    def _complete(self, seconds: Times) -> Flags | None:
        known = ~np.isnan(seconds)
        broken = int(len(seconds) - np.count_nonzero(known))
        if not broken:
            return None
        shown = [cell for column in self._columns for cell in column.first_broken][:3]
        cells = shown_cells(shown, self._job.first_line()) or "of other years"
        names = " and ".join(column.column.shown for column in self._columns)
        if broken > BAD_SHARE * len(seconds):
            raise SessionFileError(
                f"{self._job.where}: column {inert(names)}: {broken:,} of "
                f"{counted(len(seconds), 'row')} without a time, first {cells}; "
                f"allowed: seconds or ISO 8601 or the like, in all but {BAD_SHARE:.0%} of the rows"
            )
        self.notes.append(f"{counted(broken, 'row')} without a time dropped: {cells}")
        return known


def kept(values: Values, known: Flags | None) -> Values:
    """Rows that have a time."""
    return values if known is None else values[known]
