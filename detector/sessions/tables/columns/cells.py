"""One column's cells -> float32, chunk by chunk, with what was no number counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.errors import SessionFileError
from detector.records import Values
from detector.sessions.tables.columns.measured import unit_of, without_unit
from detector.sessions.tables.columns.numerals import (
    MAYBE_GROUPED,
    Style,
    is_point_group,
    read_numeral,
    says_point,
)
from detector.text import counted, inert

BAD_SHARE = 0.05  # of a column's cells, or of the rows' times
MOST_WORDS = 1000  # kept apart; more are no states of a machine
SHOWN = 3
LARGEST = float(np.finfo(np.float32).max)
Rows = npt.NDArray[np.int64]


@dataclass(slots=True)
class Cells:
    """A column that may be a feature.

    Attributes:
        name: For people.
        numbers: Cells that are one.
        size: Cells so far.
        empty: Words that mean no value, how often.
        bad: What is no number, or none that float32 holds, how often.
        first: Row, from 0, and text of the first bad ones.
        moments: Cells that are times.
        unit: That stands behind the numbers, where it does.
    """

    name: str
    numbers: int = 0
    size: int = 0
    empty: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    first: list[tuple[int, str]] = field(default_factory=list)
    moments: int = 0
    unit: str = ""
    styles: set[Style] = field(default_factory=set)
    _parts: list[Values] = field(default_factory=list)
    _either: list[Rows] = field(default_factory=list)  # places of 1,234
    _grouped: list[Rows] = field(default_factory=list)  # places of 1.234

    def add(self, cells: pd.Series, rows: Rows) -> None:
        """Take the next cells.

        Args:
            cells: Of any type.
            rows: Shape (n,), their rows in the table.
        """
        if cells.dtype.kind in "mM":
            self.moments += int(cells.notna().sum())
            exact = np.full(len(cells), np.nan)
        elif cells.dtype.kind in "biufc":
            exact = _exact(cells)
        else:
            exact = self._from_text(cells.reset_index(drop=True), rows)
        self._take(exact, rows)
        self.first = sorted(self.first)[:SHOWN]

    def _take(self, exact: npt.NDArray[np.float64], rows: Rows) -> None:
        """Keep numbers as float32; beyond it they are missing."""
        with np.errstate(invalid="ignore"):
            beyond = np.flatnonzero(np.abs(exact) > LARGEST)
        for place in beyond[:MOST_WORDS]:
            self._note_bad(f"{exact[place]:g}", 1)
        self.first += [(int(rows[place]), f"{exact[place]:g}") for place in beyond[:SHOWN]]
        if len(beyond) > MOST_WORDS:
            self.bad["others"] += len(beyond) - MOST_WORDS
        exact[beyond] = np.nan
        self.numbers += int(np.count_nonzero(~np.isnan(exact)))
        self.size += len(exact)
        self._parts.append(exact.astype(np.float32))

    def _from_text(self, cells: pd.Series, rows: Rows) -> npt.NDArray[np.float64]:
        texts = cells.where(cells.notna(), "").astype(str)
        exact, odd = _plain(texts)
        self.unit = self.unit or unit_of(texts.iloc[odd])
        if self.unit:
            texts = without_unit(texts, self.unit)
            exact, odd = _plain(texts)
        if not len(odd):
            return exact
        has_comma, odd = self._from_commas(texts, exact, odd)
        codes, words = pd.factorize(texts.iloc[odd])
        read = [read_numeral(word) for word in words]
        exact[odd] = np.array([numeral.value for numeral in read], np.float64)[codes]
        self._note_words(words, [numeral.style for numeral in read], codes, rows[odd])
        styles = {numeral.style for numeral in read}
        self.styles |= styles & {Style.COMMA, Style.POINT}
        either = np.array([numeral.style is Style.EITHER for numeral in read], np.bool_)[codes]
        self._either.append(self.size + odd[either])
        if has_comma or styles & {Style.COMMA, Style.EITHER}:
            self._look_at_points(texts, exact)
        return exact

    def _from_commas(
        self, texts: pd.Series, exact: npt.NDArray[np.float64], odd: npt.NDArray[np.intp]
    ) -> tuple[bool, npt.NDArray[np.intp]]:
        """Read 1,5 all at once; returns whether there is one, and the cells that are left."""
        cells = texts.iloc[odd]
        with_point = cells.str.replace(",", ".", regex=False)
        exact[odd] = pd.to_numeric(with_point, errors="coerce").to_numpy(np.float64)
        is_read = ~np.isnan(exact[odd])
        is_either = is_read & cells.str.fullmatch(MAYBE_GROUPED).to_numpy(np.bool_)
        self._either.append(self.size + odd[is_either])
        if (is_read & ~is_either).any():
            self.styles.add(Style.COMMA)
        return bool(is_read.any()), odd[~is_read]

    def _note_words(self, words: pd.Index, styles: list[Style], codes: Rows, rows: Rows) -> None:
        often = np.bincount(codes, minlength=len(words))
        for place, (word, style) in enumerate(zip(words, styles, strict=True)):
            if style is Style.EMPTY:
                self.empty[word] += int(often[place])
            elif style is Style.WORD:
                self._note_bad(word, int(often[place]))
        is_bad = np.array([style is Style.WORD for style in styles], np.bool_)[codes]
        if len(self.first) < SHOWN:
            self.first += [(int(rows[k]), words[codes[k]]) for k in np.flatnonzero(is_bad)[:SHOWN]]

    def _note_bad(self, word: str, often: int) -> None:
        self.bad[word if len(self.bad) < MOST_WORDS else "others"] += often

    def _look_at_points(self, texts: pd.Series, exact: npt.NDArray[np.float64]) -> None:
        """Beside commas, what a point means matters."""
        has_point = texts.str.contains(".", regex=False) & ~texts.str.contains(",", regex=False)
        for place in np.flatnonzero(~np.isnan(exact) & has_point.to_numpy(np.bool_)):
            if is_point_group(texts.iloc[place]):
                self._grouped.append(np.array([self.size + place]))
            elif says_point(texts.iloc[place]):
                self.styles.add(Style.POINT)

    @property
    def bad_count(self) -> int:
        """Cells that are no number and no word for a missing one."""
        return sum(self.bad.values())

    @property
    def is_words(self) -> bool:
        """Whether the column holds words rather than numbers."""
        return self.bad_count > self.numbers

    @property
    def is_empty(self) -> bool:
        """Whether no cell holds anything."""
        return not (self.numbers or self.bad or self.moments)

    def reason_out(self) -> str | None:
        """Why it is no feature; None where it is one, be it without any value."""
        if self.is_empty or (self.numbers and not self.is_words):
            return None
        if self.moments:
            return "times"
        if self.bad and not set(self.bad) <= {"inf", "-inf"}:
            shown = ", ".join(repr(inert(word)[:40]) for word, _ in self.bad.most_common(SHOWN))
            return f"words, such as {shown}"
        return "no number in it"

    def note(self) -> str | None:
        """What was no number in it, a sentence; None: nothing."""
        if self.is_empty:
            return f"{inert(self.name)}: no value in any row"
        bad, empty = self.bad.most_common(SHOWN), self.empty.most_common(SHOWN)
        words = ", ".join(f"{inert(word)[:40]!r} ({often:,})" for word, often in (*bad, *empty))
        total = self.bad_count + sum(self.empty.values())
        if not total:
            return None
        found = f"{counted(total, 'cell')} without a number"
        return f"{inert(self.name)}: {found}, read as missing: {words}"

    def finish(self, where: str, line_of_row: int | None, comma: Style | None) -> Values:
        """All cells as numbers.

        Args:
            where: The file, for refusals.
            line_of_row: Line of the first row; None: the file has no lines.
            comma: What the comma means in other columns; None: they do not tell.

        Returns:
            Shape (n,), NaN where missing.

        Raises:
            SessionFileError: If too many are bad, or nobody can tell what a comma means.
        """
        self._refuse_bad(where, line_of_row)
        styles = self.styles or ({comma} if comma else set())
        self._refuse_unclear(where, styles)
        values = np.concatenate(self._parts) if len(self._parts) != 1 else self._parts[0]
        self._parts.clear()
        groups = self._either if Style.POINT in styles else self._grouped
        for places in groups if styles else ():
            values[places] = np.round(values[places].astype(np.float64) * 1000)
        return values

    def _refuse_bad(self, where: str, line_of_row: int | None) -> None:
        if self.bad_count <= BAD_SHARE * self.size:
            return
        raise SessionFileError(
            f"{where}: column {inert(self.name)}: {self.bad_count:,} of "
            f"{counted(self.size, 'cell')} are no number, first "
            f"{shown_cells(self.first, line_of_row)}; allowed: up to {BAD_SHARE:.0%}"
        )

    def _refuse_unclear(self, where: str, styles: set[Style]) -> None:
        has_either = any(map(len, self._either))
        if len(styles) > 1:
            found = "both a decimal comma and a decimal point"
        elif has_either and not styles:
            found = "numbers such as 1,234 that can be read as 1.234 and as 1234"
        else:
            return
        raise SessionFileError(
            f"{where}: column {inert(self.name)}: found {found}; allowed: one decimal mark"
        )


def _plain(texts: pd.Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Plain numbers, NaN elsewhere, and the places of what else is written there."""
    exact = np.array(pd.to_numeric(texts, errors="coerce"), np.float64)
    return exact, np.flatnonzero(np.isnan(exact) & (texts != "").to_numpy(np.bool_))


def shown_cells(cells: list[tuple[int, str]], line_of_row: int | None) -> str:
    """Cells with where they stand, for one line."""
    kind, offset = ("row", 1) if line_of_row is None else ("line", line_of_row)
    return ", ".join(f"{inert(text)[:40]!r} in {kind} {row + offset}" for row, text in cells)


def _exact(cells: pd.Series) -> npt.NDArray[np.float64]:
    """Numbers of any kind as float64 of their own; NaN where missing."""
    return np.array(cells.to_numpy(np.float64, na_value=np.nan), np.float64)
