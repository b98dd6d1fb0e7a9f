"""The column of times -> seconds, whatever its type; chunk by chunk."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.records import Times
from detector.sessions.tables.columns.clocks import Numbers, ReadTimes, read_numbers
from detector.sessions.tables.columns.moments import Moments, seconds_of
from detector.sessions.tables.columns.names import DATES, Column
from detector.vocabulary import EMPTY_CELL

SHOWN = 3
LOOKED_AT = 1000  # cells of a chunk, to tell numbers from dates


class TimeColumn:
    """One column of times.

    What the first cells are, numbers or dates, all must be; others count as broken.

    Args:
        column: Its name and unit.
        day_first: Whether 05/03 is the 5th of March, where the caller says it.
    """

    def __init__(self, column: Column, day_first: bool | None) -> None:
        self.column = column
        self.first_broken: list[tuple[int, str]] = []  # row and text
        self._moments = Moments(day_first)
        self._numbers: list[Numbers] = []
        self._seconds: list[Times] = []
        self._kind: str | None = None
        self._spans = False  # the seconds are spans, not UTC
        self._size = 0

    def add(self, cells: pd.Series) -> None:
        """Take the next cells."""
        cells = _simpler(cells.reset_index(drop=True))
        kind = _kind_of(cells)
        if kind is None:
            cells = pd.Series(np.full(len(cells), np.nan))
        elif self._kind is None:
            self._begin(kind)
        if self._kind is None:
            self._size += len(cells)
            return
        self._take(cells, kind)
        self._size += len(cells)

    def _begin(self, kind: str) -> None:
        """What the cells are is known; those before it had none."""
        self._kind = kind
        if self._size:
            nothing = np.full(self._size, np.nan)
            self._take(pd.Series(nothing), None)

    def _take(self, cells: pd.Series, kind: str | None) -> None:
        if self._kind == "number":
            numbers = _as_numbers(cells, kind)
            self._note_broken(cells, np.isnan(numbers) if numbers.dtype.kind == "f" else None)
            self._numbers.append(numbers)
        elif self._kind == "text":
            texts = cells if kind == "text" else cells.astype(object)
            read = self._moments.add(texts.astype("str"))
            self._note_broken(cells, ~read)
        else:
            seconds = _as_seconds(cells, kind)
            self._spans = self._spans or kind == "span"
            self._note_broken(cells, np.isnan(seconds))
            self._seconds.append(seconds)

    def _note_broken(self, cells: pd.Series, broken: npt.NDArray[np.bool_] | None) -> None:
        if broken is None or len(self.first_broken) >= SHOWN:
            return
        for place in np.flatnonzero(broken)[: SHOWN - len(self.first_broken)]:
            self.first_broken.append((self._size + int(place), _shown(cells.iloc[place])))

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers."""
        return self._kind == "number"

    def read(self) -> ReadTimes:
        """All cells.

        Raises:
            UnclearDatesError: If dates can be read in several orders.
        """
        if self._kind is None:
            return ReadTimes(np.full(self._size, np.nan), has_date=False)
        if self._kind == "text":
            seconds, has_date = self._moments.seconds()
            return ReadTimes(seconds, has_date)
        if self._kind == "number":
            numbers = np.concatenate(self._numbers)
            self._numbers.clear()
            is_date = bool(set(self.column.key.split("_")) & (DATES | {"timestamp", "datetime"}))
            return read_numbers(numbers, self.column.scale_s, is_date=is_date)
        seconds = np.concatenate(self._seconds)
        return ReadTimes(seconds, not self._spans)


def _kind_of(cells: pd.Series) -> str | None:
    """``number``, ``text``, ``moment`` or ``span``; None where there is no cell."""
    if cells.dtype.kind in "mM":
        return ("moment" if cells.dtype.kind == "M" else "span") if cells.notna().any() else None
    if cells.dtype.kind in "biuf":
        return "number" if cells.notna().any() else None
    known = cells.dropna()
    for start in range(0, len(known), LOOKED_AT):
        some = known.iloc[start : start + LOOKED_AT]
        some = some[~some.astype("str").str.strip().str.lower().isin(EMPTY_CELL)]
        if len(some):
            return "number" if 2 * _plain(some).count() > len(some) else "text"
    return None


def _plain(texts: pd.Series) -> pd.Series:
    """Numbers as text, with either decimal mark."""
    numbers = pd.to_numeric(texts, errors="coerce")
    odd = numbers.isna() & texts.notna()
    if odd.any():
        with_point = texts[odd].astype(str).str.replace(",", ".", regex=False)
        numbers = numbers.astype(np.float64)
        numbers[odd] = pd.to_numeric(with_point, errors="coerce")
    return numbers


def _simpler(cells: pd.Series) -> pd.Series:
    """Objects of one type as that type."""
    if cells.dtype != object:
        return cells
    known = cells.dropna()
    first = known.iloc[0] if len(known) else None
    if isinstance(first, dt.date):  # a datetime too
        return pd.to_datetime(cells, utc=True, errors="coerce")
    if isinstance(first, dt.timedelta):
        return pd.to_timedelta(cells, errors="coerce")
    return cells


def _as_numbers(cells: pd.Series, kind: str | None) -> Numbers:
    """An array of its own: a view would keep all columns of the chunk in memory."""
    if cells.dtype.kind in "iu" and not cells.hasnans:
        return np.array(cells.to_numpy(np.int64 if cells.dtype.kind == "i" else np.float64))
    if cells.dtype.kind in "biuf":
        return np.array(cells.to_numpy(np.float64, na_value=np.nan))
    if kind in {"moment", "span"}:
        return np.full(len(cells), np.nan)
    numbers = _plain(cells)
    return _as_numbers(numbers, "number")


def _as_seconds(cells: pd.Series, kind: str | None) -> Times:
    if kind == "span":
        return np.asarray(cells.dt.total_seconds(), np.float64)
    if kind == "moment":
        return seconds_of(cells)
    if kind == "text":
        return seconds_of(pd.to_datetime(cells, format="ISO8601", utc=True, errors="coerce"))
    return np.full(len(cells), np.nan)


def _shown(cell: object) -> str:
    return "nothing" if cell is None or cell is pd.NaT or cell != cell else str(cell)  # noqa: PLR0124


def joined(date: ReadTimes, clock: ReadTimes) -> ReadTimes:
    """A date in one column and the time of day in another."""
    seconds = clock.seconds
    if not clock.has_date:
        midnight = np.floor(date.seconds / 86_400) * 86_400
        return ReadTimes(midnight + seconds % 86_400, has_date=True, note=date.note)
    return clock
