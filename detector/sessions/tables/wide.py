"""A table with a column for each feature -> arrays, chunk by chunk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from detector.records import Flags, Values
from detector.sessions.tables.columns.cells import Cells
from detector.sessions.tables.columns.marks import Labels, SessionNames
from detector.sessions.tables.columns.names import Column
from detector.sessions.tables.columns.numerals import Style
from detector.sessions.tables.gathered import Clock, Gathered, Job, NoRecordingError
from detector.sessions.tables.roles import Roles
from detector.text import inert


class WideTable:
    """Gathers a wide table.

    Args:
        roles: What its columns are.
        columns: All of them.
        job: The table.
    """

    def __init__(self, roles: Roles, columns: list[Column], job: Job) -> None:
        self._roles = roles
        self._job = job
        self._clock = Clock(roles.time, columns, job)
        self._cells = [Cells(column.shown) for column in roles.features]
        self._labels = None if roles.label is None else Labels(roles.label.shown)
        self._sessions = None if roles.session is None else SessionNames()
        self._size = 0

    def add(self, chunk: pd.DataFrame) -> None:
        """Take the next rows.

        Raises:
            SessionFileError: If a label is none.
        """
        rows = np.arange(self._size, self._size + len(chunk))
        self._clock.add(chunk)
        for column, cells in zip(self._roles.features, self._cells, strict=True):
            cells.add(chunk.iloc[:, column.place], rows)
        if self._labels is not None and self._roles.label is not None:
            self._labels.add(chunk.iloc[:, self._roles.label.place], self._job.where)
        if self._sessions is not None and self._roles.session is not None:
            self._sessions.add(chunk.iloc[:, self._roles.session.place])
        self._size += len(chunk)

    def finish(self) -> Gathered:
        """All rows that have a time.

        Raises:
            SessionFileError: If too many cells or times are bad, or no feature is left.
        """
        times, known = self._clock.read()
        left_out = dict(self._roles.left_out)
        features = self._features(left_out)
        notes = [*self._clock.notes, *filter(None, (cells.note() for _, cells in features))]
        values = self._values([cells for _, cells in features], known)
        label = None if self._labels is None else self._labels.flags()
        if self._labels is not None:
            notes += filter(None, [self._labels.note()])
        sessions = None if self._sessions is None else self._sessions.codes()
        return Gathered(
            ts=times.seconds if known is None else times.seconds[known],
            values=values,
            columns=[column for column, _ in features],
            has_date=times.has_date,
            label=label if label is None or known is None else label[known],
            sessions=sessions if sessions is None or known is None else sessions[known],
            session_names=[] if self._sessions is None else self._sessions.names(),
            left_out=left_out,
            notes=notes,
        )

    def _features(self, left_out: dict[str, str]) -> list[tuple[Column, Cells]]:
        """Columns that are features."""
        wanted = set(self._job.features or ())
        found: list[tuple[Column, Cells]] = []
        for column, cells in zip(self._roles.features, self._cells, strict=True):
            why = cells.reason_out()
            if why is None:
                found.append((replace(column, unit=column.unit or cells.unit), cells))
            else:
                left_out[column.shown] = why
        gone = wanted & {c.name for c in self._roles.features} - {c.name for c, _ in found}
        if gone or all(cells.is_empty for _, cells in found):
            left_out |= {column.shown: "no value in any row" for column, _ in found}
            raise NoRecordingError(_no_feature(self._job.where, left_out))
        return found

    def _values(self, cells: list[Cells], known: Flags | None) -> Values:
        """Shape (n, F); each column is let go once it is in its place."""
        commas = {style for one in cells for style in one.styles}
        comma = commas.pop() if len(commas) == 1 else None
        if comma is None and "decimal comma" in self._job.table.format:
            comma = Style.COMMA
        n = self._size if known is None else int(known.sum())
        values = np.empty((n, len(cells)), np.float32)
        for place, one in enumerate(cells):
            column = one.finish(self._job.where, self._job.first_line(), comma)
            values[:, place] = column if known is None else column[known]
        return values


def _no_feature(where: str, left_out: dict[str, str]) -> str:
    reasons = "; ".join(f"column {inert(name)}: {why}" for name, why in list(left_out.items())[:4])
    found = f"; left out: {reasons}" if reasons else ""
    return f"{where}: no feature column beside the time{found}; allowed: columns of numbers"
