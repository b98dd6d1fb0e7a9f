"""Columns of dates and times of day as text -> seconds, chunk by chunk.

The format is found on the first cell and kept: all cells of a chunk are read with it at once, and
only those that it does not fit are looked at again. Where 05/03 may be the 5th of March or May
the 3rd, both are read until the column decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.records import Flags, Times
from detector.sessions.tables.columns.dates import (
    DURATION,
    ISO,
    Order,
    format_of,
    is_dated,
    is_untidy,
    iso_pattern,
    orders_of,
    tidied,
)
from detector.vocabulary import EMPTY_CELL

MOST_FORMATS, MOST_TRIES = 8, 40
YEAR_1900 = pd.Timestamp("1900-01-01", tz="UTC")  # of a time of day alone, for ``strptime``
SPAN = "timedelta64[ns]"
HALF_DAY, DAY = 43_200.0, 86_400.0


class UnclearDatesError(ValueError):
    """Dates that can be read in several orders."""


@dataclass(slots=True)
class _Reading:
    """A column, read in one order."""

    order: Order
    formats: list[str] = field(default_factory=list)
    parts: list[Times] = field(default_factory=list)

    def add(self, texts: pd.Series) -> None:
        """Read a chunk."""
        seconds = np.full(len(texts), np.nan)
        left = np.flatnonzero(texts.notna().to_numpy())
        for format_ in self.formats:
            left = _read(texts, left, format_, seconds)
        for _ in range(MOST_TRIES):
            if not len(left) or len(self.formats) >= MOST_FORMATS:
                break
            text = str(texts.iloc[left[0]])
            format_or_none = format_of(text.strip(), self.order)
            if format_or_none is None or not self._takes(format_or_none):
                left = left[(texts.iloc[left] != text).to_numpy(np.bool_)]
                continue
            before = left[0]
            left = _read(texts, left, format_or_none, seconds)
            if len(left) and left[0] == before:  # such as the 31st of February
                left = left[1:]
            elif format_or_none not in self.formats:
                self.formats.append(format_or_none)
        self.parts.append(seconds)

    def _takes(self, format_: str) -> bool:
        """A date and a time of day alone cannot stand in one column."""
        return not self.formats or is_dated(self.formats[0]) == is_dated(format_)


def _read(
    texts: pd.Series, rows: npt.NDArray[np.intp], format_: str, seconds: Times
) -> npt.NDArray[np.intp]:
    """Read rows in one format; returns those that it does not fit."""
    if not len(rows):
        return rows
    cells = texts if len(rows) == len(texts) else texts.iloc[rows]
    found = _seconds(cells, format_)
    seconds[rows] = found
    return rows[np.isnan(found)]


def _seconds(texts: pd.Series, format_: str) -> Times:
    if format_ == DURATION:
        spans = pd.to_timedelta(texts, errors="coerce")
        return _whole(spans.to_numpy(SPAN))
    rewritten = iso_pattern(format_)
    if rewritten is not None:
        texts, format_ = texts.str.replace(*rewritten, regex=True), ISO
    read = pd.to_datetime(texts, format=format_, utc=True, errors="coerce")
    return seconds_of(read) if is_dated(format_) else _whole((read - YEAR_1900).to_numpy(SPAN))


def seconds_of(times: pd.Series) -> Times:
    """Times of pandas as UTC seconds; a time without a zone is UTC.

    Returns:
        Shape (n,), NaN where there is none.
    """
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    return _whole(times.to_numpy("datetime64[ns]"))


def _whole(times: npt.NDArray[np.datetime64] | npt.NDArray[np.timedelta64]) -> Times:
    seconds = times.astype(np.int64) / 1e9
    seconds[np.isnat(times)] = np.nan
    return np.asarray(seconds, np.float64)


def _example(texts: pd.Series) -> str | None:
    """The first cell that is no word for a missing one."""
    for text in texts:
        if isinstance(text, str) and text.strip().lower() not in EMPTY_CELL:
            return text
    return None


class Moments:
    """A column of dates or times of day.

    Args:
        day_first: Whether 05/03 is the 5th of March, where the caller says it.
    """

    def __init__(self, day_first: bool | None) -> None:
        self._day_first = day_first
        self._readings: list[_Reading] = []
        self._waiting = 0  # cells before the first text
        self._example = ""

    def add(self, texts: pd.Series) -> Flags:
        """Take the next cells: text, or none.

        Returns:
            Shape (n,), which were read, in whatever order.
        """
        texts = texts.reset_index(drop=True)
        example = _example(texts)
        if example is None and not self._readings:
            self._waiting += len(texts)
            return np.zeros(len(texts), np.bool_)
        if example is not None and is_untidy(example):
            texts = tidied(texts)
        if example is not None and not self._readings:
            self._begin(example.strip())
        for reading in self._readings:
            reading.add(texts)
        unread = np.array([np.isnan(reading.parts[-1]) for reading in self._readings])
        return np.asarray(~unread.all(axis=0), np.bool_)

    def _begin(self, example: str) -> None:
        self._example = example
        nothing = np.full(self._waiting, np.nan)
        for order in orders_of(example, day_first=self._day_first):
            self._readings.append(_Reading(order, parts=[nothing]))

    def seconds(self) -> tuple[Times, bool]:
        """All cells, and whether they have a date.

        Returns:
            Shape (n,), UTC seconds, or seconds of the first day, over midnight too; NaN where a
            cell is none.

        Raises:
            UnclearDatesError: If they can be read in several orders.
        """
        if not self._readings:
            return np.full(self._waiting, np.nan), False
        read = [np.concatenate(reading.parts) for reading in self._readings]
        best = self._chosen(read)
        formats = self._readings[best].formats
        if any(map(is_dated, formats)):
            return read[best], True
        return over_midnight(read[best]), False

    def _chosen(self, read: list[Times]) -> int:
        """The order that reads most; another must read nothing that it does not."""
        broken = [int(np.isnan(seconds).sum()) for seconds in read]
        best = int(np.argmin(broken))
        for other, seconds in enumerate(read):
            same = np.array_equal(seconds, read[best], equal_nan=True)
            more = np.isnan(read[best]) & ~np.isnan(seconds)
            if not same and (broken[other] == broken[best] or more.any()):
                if broken[best] == len(read[best]):
                    continue
                raise UnclearDatesError(
                    f"{self._example!r} can be read day first and month first; "
                    "allowed: --day-first or --month-first"
                )
        return best


def over_midnight(seconds: Times) -> Times:
    """Times of day as seconds that go on after midnight."""
    known = np.flatnonzero(~np.isnan(seconds))
    nights = np.cumsum(np.diff(seconds[known], prepend=seconds[known][:1]) < -HALF_DAY)
    if len(nights) and nights[-1]:
        seconds = seconds.copy()
        seconds[known] += nights * DAY
    return seconds
