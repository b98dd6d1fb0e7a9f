"""Which column is the time: asked of its name, and of its first cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pandas as pd

from detector.errors import SessionFileError
from detector.records import Times
from detector.sessions.recordings.contract import Hints
from detector.sessions.tables.columns.moments import UnclearDatesError
from detector.sessions.tables.columns.names import BESIDE, DATES, Column
from detector.sessions.tables.columns.times import TimeColumn
from detector.text import listed

LOOKED_AT = 1000  # rows
DAY = 86_400.0
SAME_WITHIN_S = 1.0


class Look(IntEnum):
    """What the first cells of a column are like, the surest time last."""

    NONE = 0
    NUMBERS = 1  # as of a counter or a temperature
    RISING = 2  # numbers that rise: seconds of the file's own clock, perhaps
    CLOCK = 3  # times of day
    DAYS = 4  # dates without a time of day
    DATED = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may be the time.

    Attributes:
        column: Its name.
        look: What its first cells are like.
        seconds: Shape (up to 1000,), as read; empty where its dates are unclear.
    """

    column: Column
    look: Look
    seconds: Times

    @property
    def is_time(self) -> bool:
        """Whether it tells a time, be it that of the samples or another."""
        return self.look >= Look.RISING


@dataclass(frozen=True, slots=True)
class ChosenTime:
    """The time of a table.

    Attributes:
        columns: One, or a date and a time of day; none where there is no time.
        left_out: Other times, with the reason.
        note: How it was found, where its name does not tell; empty otherwise.
    """

    columns: tuple[Column, ...] = ()
    left_out: tuple[tuple[Column, str], ...] = ()
    note: str = ""


def choose_time(
    columns: Sequence[Column],
    cells: pd.DataFrame,
    hints: Hints,
    where: str,
    *,
    has_rate: bool,
) -> ChosenTime:
    """Find the time among a table's columns.

    Args:
        columns: As in ``cells``.
        cells: The first rows.
        hints: Its name, where the caller says it.
        where: The file, for refusals.
        has_rate: Whether a file without a time can be read all the same.

    Raises:
        SessionFileError: If the named one is not there, or several may be meant.
    """
    cells = cells.head(LOOKED_AT)
    if hints.time_column is not None:
        return _named(columns, hints.time_column, where, cells)
    usual = [look_at(c, cells) for c in columns if c.time_rank is not None]
    told = [candidate for candidate in usual if candidate.is_time]
    if told:
        return _among(told, where)
    if has_rate:
        return ChosenTime(left_out=_others([c for c in usual if c.look is Look.NONE], "no time"))
    return _unusual([look_at(column, cells) for column in columns]) or _by_name(usual)


def look_at(column: Column, cells: pd.DataFrame) -> Candidate:
    """Read a column's first cells as times."""
    found = TimeColumn(column, None)
    found.add(cells.iloc[:, column.place])
    try:
        read = found.read()
    except UnclearDatesError:  # dates all the same; which, is asked when all are read
        look = Look.DAYS if _is_day(column, cells) else Look.DATED
        return Candidate(column, look, np.empty(0))
    known = read.seconds[np.isfinite(read.seconds)]
    if 2 * len(known) <= cells.iloc[:, column.place].notna().sum() or not len(known):
        look = Look.NONE
    elif read.has_date:
        look = Look.DAYS if not (known % DAY).any() and _is_day(column, cells) else Look.DATED
    elif found.is_number:
        look = Look.RISING if _rises(known) else Look.NUMBERS
    else:
        look = Look.CLOCK
    return Candidate(column, look, read.seconds)


def _is_day(column: Column, cells: pd.DataFrame) -> bool:
    """Whether dates come without a time of day."""
    texts = cells.iloc[:, column.place].dropna().astype(str)
    return not texts.str.contains(":").any() or texts.str.contains(" 00:00:00").all()


def _rises(known: Times) -> bool:
    """Nearly always; a single cell says nothing against it."""
    steps = np.diff(known)
    return not len(steps) or bool((steps > 0).mean() > 0.5 and (steps < 0).mean() <= 0.05)


def _named(columns: Sequence[Column], name: str, where: str, cells: pd.DataFrame) -> ChosenTime:
    wanted = name.strip().lower()
    for spelling in ("heading", "name", "key"):
        for column in columns:
            if getattr(column, spelling).lower() == wanted:
                others = [
                    look_at(c, cells) for c in columns if c.time_rank is not None and c != column
                ]
                return ChosenTime((column,), _others([c for c in others if c.is_time]))
    raise SessionFileError(
        f"{where}: no time column {name}; found {listed([c.shown for c in columns], 8)}"
    )


def _among(usual: list[Candidate], where: str) -> ChosenTime:
    """The one of several columns that are called like a time."""
    days = [c for c in usual if c.look is Look.DAYS and set(c.column.key.split("_")) & DATES]
    clocks = [c for c in usual if c.look is Look.CLOCK]
    dated = [c for c in usual if c.look is Look.DATED]
    if not dated and len(days) == len(clocks) == 1:
        pair = days[0].column, clocks[0].column
        rest = [c for c in usual if c.column not in pair]
        return ChosenTime(pair, _others(rest))
    best = dated or days or clocks or usual
    first = [c for c in best if c.column.key not in BESIDE] or best
    chosen = _only(first, where)
    return ChosenTime((chosen.column,), _others([c for c in usual if c is not chosen]))


def _others(
    candidates: Sequence[Candidate], reason: str = "another time"
) -> tuple[tuple[Column, str], ...]:
    return tuple((candidate.column, reason) for candidate in candidates)


def _only(candidates: list[Candidate], where: str) -> Candidate:
    """The only one; of several that tell the same the finest, else the one with the surest name."""
    ranked = [(len(set(c.seconds.tolist())), c.column.time_rank or 0) for c in candidates]
    chosen = candidates[ranked.index(max(ranked))]
    if not all(_same(chosen.seconds, other.seconds) for other in candidates):
        names = listed([candidate.column.shown for candidate in candidates])
        raise SessionFileError(
            f"{where}: time column: found {names}, each a time; allowed: --time-column NAME"
        )
    return chosen


def _same(one: Times, other: Times) -> bool:
    if len(one) != len(other):
        return False
    apart = np.abs(one - other)
    return bool((apart[np.isfinite(apart)] < SAME_WITHIN_S).all())


def _unusual(candidates: list[Candidate]) -> ChosenTime | None:
    """A column without a usual name: the only one with dates, or that has time in its name."""
    dated = [c for c in candidates if c.look is Look.DATED and _is_rising(c)]
    rising = [c for c in candidates if c.look in {Look.RISING, Look.CLOCK} and _is_called_time(c)]
    for found in (dated, rising):
        if len(found) == 1:
            column = found[0].column
            return ChosenTime((column,), (), f"the time is taken from {column.shown}")
    return None


def _by_name(usual: list[Candidate]) -> ChosenTime:
    """A column that is called like a time and is none, for its refusal; ``t`` may be anything."""
    called = [c for c in usual if len(c.column.key) > 1]
    if not called:
        return ChosenTime()
    surest = max(called, key=lambda c: c.column.time_rank or 0)
    return ChosenTime((surest.column,))


def _is_rising(candidate: Candidate) -> bool:
    """Dates that do not rise are of something else, for example of the last repair."""
    return _rises(candidate.seconds[np.isfinite(candidate.seconds)])


def _is_called_time(candidate: Candidate) -> bool:
    words = set(candidate.column.key.split("_"))
    return bool(words & {"time", "timestamp", "zeit", "messzeit", "temps", "tiempo", "tempo"})
