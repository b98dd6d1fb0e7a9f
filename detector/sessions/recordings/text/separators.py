"""What stands between the cells of a line, and which of them a file means.

Every way is tried on the first lines of a file; the one under which most of them fall apart into
the same number of values is taken. Blanks are separators too: in runs, in runs of two and more,
and in runs with a date and its time of day kept together.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from detector.sessions.recordings.text.cells import Look, are_names, look_of

_TAB = b"\t"
_HELD = b"\x1f"  # holds the blank between a date and its time of day
_DATE_AND_TIME = re.compile(rb"(\d[-/.]\d{1,2}[-/.]\d{1,4}) +(\d{1,2}:\d)")
_MARK = re.compile(rb"^\s*([#%]+)[ \t]+")  # a commented row has no cell of its own for the mark
_SEPARATES = re.compile(r"[,;\t|]")
_LOOKED_AT = 40  # lines above, and twice as many below, that choose the separator
_ENOUGH = 200  # rows to judge a column by
_NAMED = 0.05  # what a row of as many names above the values adds to a score of at most 1


def _in_runs(text: bytes, run: bytes = rb"[ \t]+") -> bytes:
    lines = [line.lstrip(b" \t").rstrip(b" \t\r") for line in text.split(b"\n")]
    return re.sub(run, _TAB, b"\n".join(lines))


def _in_wide_runs(text: bytes) -> bytes:
    return _in_runs(text, rb" {2,}\t?[ \t]*| ?\t[ \t]*")


def _with_times_held(text: bytes) -> bytes:
    held = _DATE_AND_TIME.sub(rb"\1" + _HELD + rb"\2", text)
    return _in_runs(held).replace(_HELD, b" ")


@dataclass(frozen=True, slots=True)
class Separator:
    """One way to part lines.

    Attributes:
        words: For people.
        character: Between two cells, once ``prepare`` has been at the text.
        prepare: Writes the separator as ``character``; None: it is that already.
    """

    words: str
    character: str
    prepare: Callable[[bytes], bytes] | None = None


COMMA = Separator("','", ",")
SEPARATORS = (
    Separator("tabs", "\t"),
    Separator("';'", ";"),
    Separator("'|'", "|"),
    COMMA,
    Separator("two blanks and more", "\t", _in_wide_runs),
    Separator("blanks", "\t", _with_times_held),
    Separator("blanks", "\t", _in_runs),
)


@dataclass(frozen=True)  # without slots: what the cells look like is asked of few records
class Record:
    """One line parted, or several where a quoted cell has line ends.

    Attributes:
        line: Of the file, of its last line, counted from 1.
        cells: As text, without quotes and blanks around them.
    """

    line: int
    cells: tuple[str, ...]

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """What each cell may hold."""
        return tuple(map(look_of, self.cells))

    @property
    def is_blank(self) -> bool:
        """Whether no cell says anything."""
        return not any(self.cells)

    @property
    def is_comment(self) -> bool:
        """Whether it is a line behind ``#``; a lone one is a name for row numbers."""
        return bool(self.cells) and self.cells[0].startswith("#") and self.cells[0] != "#"

    @property
    def values(self) -> float:
        """The share of cells that are values or nothing; 0 where no cell is a value."""
        if self.is_comment or Look.VALUE not in self.looks:
            return 0.0
        return sum(look is not Look.WORD for look in self.looks) / len(self.looks)


@dataclass(frozen=True, slots=True)
class Choice:
    """The lines as one separator parts them.

    Attributes:
        separator: That one.
        quote: Around cells.
        records: All lines that were looked at.
        width: Cells in a row of values.
        score: 0 to 1, a little more where names stand above the values.
    """

    separator: Separator
    quote: str
    records: tuple[Record, ...]
    width: int
    score: float

    def body(self) -> list[tuple[str, ...]]:
        """Cells of rows, evenly over all, some hundreds at most."""
        return [record.cells for record in self.rows() if record.values]

    def rows(self) -> list[Record]:
        """Records of the width, evenly over all, some hundreds at most."""
        rows = [record for record in self.records if len(record.cells) == self.width]
        return rows[:: max(len(rows) // _ENOUGH, 1)]


def choose(lines: Sequence[str], told: str | None = None) -> Choice:
    """Find the separator under which the lines make a table.

    Args:
        lines: The first of the file, with their line ends.
        told: The separator, where the file tells it.

    Returns:
        The best; its ``score`` is 0 where no separator finds a row of values.
    """
    quote = _quote_of(lines)
    among = [one for one in SEPARATORS if told is None or one.character == told]
    if told is not None and not any(one.prepare is None for one in among):
        among = [Separator(f"'{told}'", told)]
    few = (
        lines if len(lines) <= 3 * _LOOKED_AT else [*lines[:_LOOKED_AT], *lines[-2 * _LOOKED_AT :]]
    )
    tried = [_weighed(one, quote, records_of(few, one, quote)) for one in among]
    best = max(tried, key=lambda choice: (choice.score, choice.width > 1))  # the first of equals
    return best if few is lines else _all_of(best, lines)


def _all_of(choice: Choice, lines: Sequence[str]) -> Choice:
    """A choice that was made by some lines, for all of them."""
    return replace(choice, records=records_of(lines, choice.separator, choice.quote))


def records_of(lines: Sequence[str], separator: Separator, quote: str) -> tuple[Record, ...]:
    """Part lines into cells."""
    if separator.prepare is not None:
        prepare = separator.prepare
        lines = [prepare(_MARK.sub(rb"\1", line.encode())).decode() for line in lines]
    reader = csv.reader(
        lines, delimiter=separator.character, quotechar=quote, skipinitialspace=True
    )
    records = []
    try:
        for row in reader:
            cells = tuple(cell.strip() for cell in row)
            records.append(Record(reader.line_num, cells))
    except csv.Error:  # a cell beyond all bounds: this separator is not meant
        return ()
    return tuple(records)


def _weighed(separator: Separator, quote: str, records: tuple[Record, ...]) -> Choice:
    widths = Counter(len(record.cells) for record in records if record.values)
    scored = [(_score(records, width), width) for width, _ in widths.most_common(4)]
    score, width = max(scored, key=lambda one: (one[0], one[1]), default=(0.0, 0))
    return Choice(separator, quote, records, width, score)


def _score(records: Sequence[Record], width: int) -> float:
    """How much of what follows the first row of this width is rows of values like it.

    At least the later half counts, and a row that is half words counts for a quarter.
    """
    fits = [len(one.cells) == width and one.values > 0 for one in records]
    first = fits.index(True)
    told = sum(not one.is_blank for one in records[min(first, len(records) // 2) :])
    values = sum(one.values**2 for one, fit in zip(records, fits, strict=True) if fit)
    named = any(len(one.cells) == width and _are_apart(one.cells) for one in records[:first])
    return values / told + (_NAMED if named else 0.0)


def _are_apart(cells: Sequence[str]) -> bool:
    """Whether a row may name columns, and is not a row of names that another separator parts."""
    return are_names(cells) and not (len(cells) == 1 and _SEPARATES.search(cells[0]))


def _quote_of(lines: Sequence[str]) -> str:
    """Double quotes, unless cells stand in single ones."""
    text = "".join(lines)
    return "'" if '"' not in text and re.search(r"(?m)^'[^'\n]*'[,;\t|]", text) else '"'
