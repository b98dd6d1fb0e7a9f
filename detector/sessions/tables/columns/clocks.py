"""Times as numbers -> seconds: epochs by size, units that the file tells, days of spreadsheets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from detector.records import Times
from detector.vocabulary import FINER_FROM, LATEST, PLAUSIBLE_FROM

DAY = 86_400.0
LOOKED_AT = 10_000
SECOND_OF_DAY = 1.2e-5
Numbers: TypeAlias = npt.NDArray[Any]  # int64 or float64
# Days since another beginning: that beginning, in days before 1970, and who counts so.
DAY_COUNTS = (
    (25_569.0, "as Excel counts them"),
    (719_529.0, "as MATLAB counts them"),
    (2_440_587.5, "of the Julian date"),
)
# Seconds since 1904, from 2000 to 2060; as seconds since 1970 they would be from 2066 on.
LABVIEW, SINCE_1904 = (3_029_529_600.0, 4_922_985_600.0), 2_082_844_800.0
# 100 ns since another beginning: as nanoseconds they would be of a time without such clocks.
TICKS = (
    (1.26e17, 1.9e17, 11_644_473_600.0, "Windows"),
    (6.3e17, 6.95e17, 62_135_596_800.0, ".NET"),
)


@dataclass(frozen=True, slots=True)
class ReadTimes:
    """Times of a column.

    Attributes:
        seconds: Shape (n,), UTC seconds, or of the file's own clock; NaN where there is none.
        has_date: Whether they are UTC.
        note: How they were read, where that is not plain; empty otherwise.
    """

    seconds: Times
    has_date: bool
    note: str = ""


def read_numbers(numbers: Numbers, scale_s: float | None, *, is_date: bool) -> ReadTimes:
    """Read a column of numbers as times, all in one unit.

    Args:
        numbers: Shape (n,); NaN where a cell is none.
        scale_s: Seconds of the unit that the file tells; None: it tells none.
        is_date: Whether the column is called like a date.
    """
    some = _some(numbers)
    if not len(some):
        return ReadTimes(np.full(len(numbers), np.nan), has_date=False)
    typical = float(np.median(np.abs(some)))
    if scale_s is not None and typical * scale_s < LATEST:
        return _dated(numbers / round(1 / scale_s) if scale_s < 1 else numbers * scale_s)
    told = None if scale_s is not None else _in_days(numbers, some, is_date=is_date)
    return told or _by_size(numbers, typical)


def _in_days(numbers: Numbers, some: Times, *, is_date: bool) -> ReadTimes | None:
    """Numbers that write out a date, or count days; None: they do neither."""
    if _are_between(some, 1.9e13, 2.2e13):  # 20260301120000; as milliseconds of the year 2612
        return ReadTimes(_from_digits(np.asarray(numbers, np.float64)), has_date=True)
    if is_date and _are_between(some, 1.9e7, 2.2e7):  # 20260301
        return ReadTimes(_from_digits(numbers * 1e6), has_date=True)
    days = _day_count(some, is_date=is_date)
    if days is None:
        return None
    seconds = np.asarray((numbers - days[0]) * DAY, np.float64)
    return ReadTimes(_plausible(seconds), True, f"times are days {days[1]}")


def _by_size(numbers: Numbers, typical: float) -> ReadTimes:
    for low, high, beginning, whose in TICKS:
        if low <= typical < high:
            seconds = _plausible(numbers / 1e7 - beginning)
            return ReadTimes(seconds, True, f"times are {whose} ticks")
    per_second = next((per for bound, per in FINER_FROM if typical > bound), 1.0)
    return _dated(numbers / per_second)


def _some(numbers: Numbers) -> Times:
    some = np.asarray(numbers[:: max(1, len(numbers) // LOOKED_AT)], np.float64)
    return np.asarray(some[np.isfinite(some)])


def _dated(seconds: Times) -> ReadTimes:
    """With a date from 2000 on, or where finer units say a year before; else of its own clock."""
    typical = float(np.median(_some(seconds)))
    if LABVIEW[0] <= typical < LABVIEW[1]:
        said = "times are seconds since 1904, as LabVIEW counts them"
        return ReadTimes(_plausible(seconds - SINCE_1904), True, said)
    if typical >= PLAUSIBLE_FROM:
        return ReadTimes(_plausible(seconds), has_date=True)
    return ReadTimes(np.where(np.isfinite(seconds), seconds, np.nan), has_date=False)


def _plausible(seconds: Times) -> Times:
    """NaN where a clock was not set yet, or gone astray."""
    with np.errstate(invalid="ignore"):
        inside = (seconds >= PLAUSIBLE_FROM) & (seconds < LATEST)
    return seconds if inside.all() else np.where(inside, seconds, np.nan)


def _are_between(some: Times, low: float, high: float) -> bool:
    return bool((some >= low).all() and (some < high).all())


def _from_digits(numbers: Times) -> Times:
    """Numbers such as 20260301120000."""
    whole = np.where(np.isfinite(numbers), numbers, 0)
    days, clock = np.divmod(whole, 1e6)
    years, rest = np.divmod(days, 1e4)
    months, day = np.divmod(rest, 1e2)
    hours, minutes = np.divmod(clock, 1e4)
    minutes, seconds = np.divmod(minutes, 1e2)
    good = (months >= 1) & (months <= 12) & (day >= 1) & (hours < 24) & (minutes < 60)
    count = np.where(good, (years - 1970) * 12 + months - 1, 0).astype(np.int64)
    first = count.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (count + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    good &= (day <= following - first) & (seconds < 61)
    read = (first + day - 1) * DAY + hours * 3600 + minutes * 60 + seconds
    return np.where(good, read, np.nan)


def _day_count(some: Times, *, is_date: bool) -> tuple[float, str] | None:
    """Whose days they clearly are; None where they may be seconds as well."""
    steps = np.abs(np.diff(some))
    steps = steps[steps > 0]
    if not len(steps):
        return None
    step = float(np.median(steps))
    for days, whose in DAY_COUNTS:
        low, high = days + PLAUSIBLE_FROM / DAY, days + 47_482  # the year 2100
        if some.min() >= low and some.max() < high and _is_of_a_day(step, is_date=is_date):
            return days, whose
    return None


def _is_of_a_day(step: float, *, is_date: bool) -> bool:
    """Up to a second of a day; as seconds, only the fastest samplers have such steps."""
    return step <= (1.0 if is_date else SECOND_OF_DAY)
