"""Tables of a file -> recordings in order of time; the one rule for all kinds of file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd

from detector.errors import SessionFileError
from detector.records import Flags, Times, Values
from detector.sessions.recordings.contract import Hints, Table
from detector.sessions.tables.candidates import choose_time
from detector.sessions.tables.columns.names import columns_of
from detector.sessions.tables.gathered import Gathered, Job, NoRecordingError
from detector.sessions.tables.long_form import LongTable, long_columns
from detector.sessions.tables.order import CoarseTimesError, Order, Piece
from detector.sessions.tables.rates import other_rate, rate_notes
from detector.sessions.tables.roles import roles_of
from detector.sessions.tables.wide import WideTable
from detector.text import listed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of one session.

    Attributes:
        suffix: Of its name, tells it from the others of its file; empty where there is one.
        session: As the file names it; None: it does not.
        ts: Shape (n,), rising.
        values: Shape (n, F).
        label: Shape (n,), where there are labels.
        notes: What is worth knowing of it alone, a sentence each.
    """

    suffix: str
    session: str | None
    ts: Times
    values: Values
    label: Flags | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as samples.

    Attributes:
        name: Of the table in its file; empty where there is one.
        format: See ``Table``.
        features: The F features.
        stretches: Its rows.
        has_date: Whether times are UTC.
        rate_hz: As told; None: the times say it.
        units: By feature, where known.
        left_out: What is no feature, and why.
        notes: What was found, a sentence each.
    """

    name: str
    format: str
    features: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    has_date: bool
    rate_hz: float | None
    units: dict[str, str]
    left_out: dict[str, str]
    notes: tuple[str, ...]


def read_tables(
    tables: Iterator[Table], where: str, hints: Hints, features: Sequence[str] | None
) -> Iterator[ReadTable]:
    """Read the tables of one file, one after the other.

    Tables in long form with the same columns are parts of one. A table without samples, such as a
    sheet of notes, is left out where others have some.

    Args:
        tables: As a reader hands them.
        where: The file, for refusals.
        hints: What the caller says.
        features: Names to keep besides a running signal; None keeps all.

    Raises:
        NoRecordingError: If no table holds samples.
        SessionFileError: If one cannot be read.
    """
    waiting = _Waiting(tables)
    refused: list[NoRecordingError] = []
    count = 0
    while (table := waiting.take()) is not None:
        job = Job(table, f"{where}:{table.name}" if table.name else where, hints, features)
        try:
            found = _read(job, waiting)
        except NoRecordingError as error:
            refused.append(error)
        else:
            count += 1
            yield found
    if not count:
        nothing = f"{where}: no table found; allowed: rows of numbers with a time"
        raise refused[0] if refused else NoRecordingError(nothing)
    for line in refused:
        logger.warning("left out: %s", line)


class _Waiting:
    """The tables of a file, with one looked at before its turn."""

    def __init__(self, tables: Iterator[Table]) -> None:
        self._tables = tables
        self._next: tuple[Table, pd.DataFrame] | None = None

    def take(self) -> Table | None:
        """The next one; None: there is no other."""
        if self._next is not None:
            table, first = self._next
            self._next = None
            table.chunks = chain([first], table.chunks)
            return table
        return next(self._tables, None)

    def parts(self, columns: list[object], name: str) -> Iterator[pd.DataFrame]:
        """Rows of the tables that follow, as long as they have the same columns and name."""
        while (table := self.take()) is not None:
            first = next(table.chunks, None)
            if first is None:
                continue
            if list(first.columns) != columns or table.name != name:
                self._next = table, first
                return
            yield first
            yield from table.chunks


def _read(job: Job, waiting: _Waiting) -> ReadTable:
    chunks = _bounded(job.table.chunks, job.hints.limit_rows)
    first = _first(chunks, job)
    gathered = _gather(first, chunks, job, waiting)
    if not len(gathered.ts):
        raise NoRecordingError(f"{job.where}: no row with a time; allowed: at least one")
    features = tuple(column.name for column in gathered.columns)
    stretches, notes = _in_order(gathered, job)
    _refuse_other_rate(stretches, job)
    units = {c.name: job.table.units.get(c.heading, c.unit) for c in gathered.columns}
    return ReadTable(
        name=job.table.name,
        format=job.table.format,
        features=features,
        stretches=tuple(_with_notes(stretch, features) for stretch in stretches),
        has_date=gathered.has_date,
        rate_hz=job.rate_hz,
        units={name: unit for name, unit in units.items() if unit},
        left_out={**job.table.left_out, **gathered.left_out},
        notes=(*job.table.notes, *_rate_note(job), *gathered.notes, *notes),
    )


def _first(chunks: Iterator[pd.DataFrame], job: Job) -> pd.DataFrame:
    """The first chunk that has rows."""
    columns: list[str] = []
    for chunk in chunks:
        if len(chunk):
            return chunk
        columns = [str(name) for name in chunk.columns]
    found = f"only the names {listed(columns, 8)}" if columns else "nothing"
    raise NoRecordingError(f"{job.where}: no row, found {found}; allowed: at least one row")


def _bounded(chunks: Iterator[pd.DataFrame], limit_rows: int | None) -> Iterator[pd.DataFrame]:
    """Chunks up to a number of rows."""
    left = limit_rows
    for chunk in chunks:
        part = chunk if left is None else chunk.head(left)
        yield part
        if left is not None:
            left -= len(part)
            if left <= 0:
                return


def _gather(
    first: pd.DataFrame, chunks: Iterator[pd.DataFrame], job: Job, waiting: _Waiting
) -> Gathered:
    columns = columns_of(list(first.columns), job.table.units, job.where)
    time = choose_time(columns, first, job.hints, job.where, has_rate=job.rate_hz is not None)
    long = long_columns(columns, first, time)
    table: WideTable | LongTable
    if long is not None:
        table = LongTable(long, time, columns, job)
        parts = waiting.parts(list(first.columns), job.table.name)
        chunks = _bounded(chain(chunks, parts), _left(job.hints.limit_rows, len(first)))
    else:
        roles = roles_of(columns, first, time, job.features, job.where)
        table = WideTable(roles, columns, job)
    table.add(first)
    for chunk in chunks:
        _refuse_other_columns(list(chunk.columns), list(first.columns), job)
        table.add(chunk)
    return table.finish()


def _left(limit: int | None, taken: int) -> int | None:
    return None if limit is None else max(limit - taken, 0)


def _refuse_other_columns(found: list[object], columns: list[object], job: Job) -> None:
    if found != columns:
        raise SessionFileError(
            f"{job.where}: columns change: found {listed([str(x) for x in found], 8)} after "
            f"{listed([str(x) for x in columns], 8)}; allowed: the same in all rows"
        )


def _in_order(gathered: Gathered, job: Job) -> tuple[list[Stretch], list[str]]:
    values = gathered.values

    def same(one: np.ndarray, other: np.ndarray) -> Flags:
        a, b = values[one], values[other]
        return np.asarray(((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=1), np.bool_)

    order = Order(gathered.ts, same)
    try:
        pieces = order.pieces(gathered.sessions)
    except CoarseTimesError as error:
        return _evenly_spaced(gathered, job, error), [
            f"{error}: rows spaced evenly at {job.hints.rate_hz:g} Hz from the first"
        ]
    return [_stretch(gathered, piece, job) for piece in pieces], order.notes(job.line_of_row)


def _evenly_spaced(gathered: Gathered, job: Job, error: CoarseTimesError) -> list[Stretch]:
    """Times too coarse to tell samples apart give way to a rate that the caller says."""
    if job.hints.rate_hz is None:
        raise SessionFileError(
            f"{job.where}: {error}; allowed: times that tell samples apart, one machine a file, "
            "or --rate HZ"
        ) from None
    n = len(gathered.ts)
    spaced = replace(gathered, ts=gathered.ts[0] + np.arange(n) / job.hints.rate_hz)
    pieces = Order(spaced.ts, lambda one, _: np.zeros(len(one), np.bool_)).pieces(spaced.sessions)
    return [_stretch(spaced, piece, job) for piece in pieces]


def _refuse_other_rate(stretches: Sequence[Stretch], job: Job) -> None:
    """A rate that the caller says must be that of the times, where the file has some."""
    told = job.hints.rate_hz
    if told is None:
        return
    for found in (other_rate(stretch.ts, told) for stretch in stretches):
        if found is not None:
            raise SessionFileError(
                f"{job.where}: --rate {told:g}: found times at {found:.4g} Hz; "
                "allowed: the rate of its times, or none"
            )


def _rate_note(job: Job) -> list[str]:
    """That the caller's rate was taken instead of the file's."""
    told, own = job.hints.rate_hz, job.table.rate_hz
    if told is None or own is None or told == own:
        return []
    return [f"the file says {own:g} Hz, read at {told:g} Hz as asked"]


def _stretch(gathered: Gathered, piece: Piece, job: Job) -> Stretch:
    session = None if piece.session is None else gathered.session_names[piece.session] or None
    begins = "" if piece.begins is None else f", from {job.line_of_row(piece.begins)}"
    return Stretch(
        suffix=(f":{session}" if session else "") + begins,
        session=session,
        ts=gathered.ts[piece.rows],
        values=gathered.values[piece.rows],
        label=None if gathered.label is None else gathered.label[piece.rows],
        notes=(),
    )


def _with_notes(stretch: Stretch, features: tuple[str, ...]) -> Stretch:
    return replace(stretch, notes=tuple(rate_notes(stretch.ts, stretch.values, features)))
