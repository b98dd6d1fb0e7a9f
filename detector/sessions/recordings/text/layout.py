"""How a delimited text is laid out, decided once from its first lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import StringIO

from detector.errors import SessionFileError
from detector.sessions.contents.units import plain_unit
from detector.sessions.recordings.text.cells import are_names
from detector.sessions.recordings.text.header import (
    Header,
    find_header,
    names_of,
    refuse_twice,
)
from detector.sessions.recordings.text.instruments import increment, told_above
from detector.sessions.recordings.text.numbers import Style, styles_of
from detector.sessions.recordings.text.separators import Choice, Record, Separator, choose
from detector.text import inert

_TOLD = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_SHOWN = 60  # characters of a line in a refusal


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is laid out.

    Attributes:
        separator: Between cells.
        quote: Around cells.
        names: One a column; an empty name where the file has none.
        decimal: The decimal sign of most columns.
        styles: How each column writes numbers.
        lines_before: Lines of the file before those that are read as rows.
        lead: Rows that were mended, in front of those.
        header: The line of names as it stands, to know it again; empty without one.
        above: What the lines of a logger begin with above that line, the nearest first.
        below: Lines between that line and the first row.
        units: By column.
        rate_hz: Where the file tells it.
        notes: What was found, a sentence each.
    """

    separator: Separator
    quote: str
    names: tuple[str, ...]
    decimal: str
    styles: tuple[Style, ...]
    lines_before: int
    lead: bytes = b""
    header: bytes = b""
    above: tuple[bytes, ...] = ()
    below: int = 0
    units: dict[str, str] = field(default_factory=dict)
    rate_hz: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """For people: what stands between cells and in numbers."""
        apart = f"separated by {self.separator.words}" if len(self.names) > 1 else "one column"
        return apart + (", decimal comma" if self.decimal == "," else "")


def layout_of(text: str, name: str, columns: tuple[str, ...] | None, *, whole: bool) -> Layout:
    """Decide how a text is laid out.

    Args:
        text: Its beginning.
        name: Of the file, for refusals.
        columns: The names, where the caller tells them.
        whole: Whether that is all of it; else its last line is cut.

    Raises:
        SessionFileError: If it is empty or no table, has no names, or too few or many.
    """
    lines = list(StringIO(text.replace("\r\n", "\n").replace("\r", " ")))
    lines = lines if whole or len(lines) < 2 else lines[:-1]
    told = _TOLD.fullmatch(lines[0]) if lines else None
    choice = choose(lines, told[1] if told else None)
    choice = replace(choice, records=choice.records[1:]) if told else choice
    if choice.score == 0:
        raise _refused(choice.records, name)
    return _laid_out(choice, find_header(choice), lines, name, columns)


def _refused(records: Sequence[Record], name: str) -> SessionFileError:
    told = [record for record in records if not record.is_blank]
    if not told:
        return SessionFileError(f"{name}: is empty, allowed: a header and rows of numbers")
    shown = inert(", ".join(told[-1].cells)[:_SHOWN])
    return SessionFileError(
        f"{name}: no row of numbers in its first {records[-1].line} lines, the last is '{shown}'; "
        "allowed: a header and rows of numbers, separated alike"
    )


def _laid_out(
    choice: Choice,
    header: Header,
    lines: Sequence[str],
    name: str,
    columns: tuple[str, ...] | None,
) -> Layout:
    names = _names(choice, header, name, columns)
    rate = increment(names, _cells(header.units))
    names = ["", *names[1:-2], "", ""] if rate else names  # row numbers, and two without a value
    before = _start_of(choice, header.first)
    lead, mended = _longer_first(choice, header, name, columns)
    told = told_above(choice.records[: choice.records.index(header.first)], names)
    decimal, styles = _styles(choice, names, name)
    units = {n: plain_unit(u) for n, u in zip(names, _cells(header.units), strict=False) if n and u}
    head = lines[header.names.line - 1].strip("\n").encode() if header.names else b""
    thousands = _thousands(names, styles)
    notes = (*_notes(choice, header, len(mended)), *mended, *thousands, *_renamed(header, columns))
    line = header.names.line if header.names else before
    above = _beginnings(lines[: line - 1])
    return Layout(
        choice.separator, choice.quote, tuple(names), decimal, styles, before, lead, head,
        above, before - line, units or told.units, rate or told.rate_hz, notes,
    )  # fmt: skip


def _beginnings(lines: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(beginning_of(line.encode()) for line in reversed(lines))


def beginning_of(line: bytes) -> bytes:
    """What a line of a logger has in common with those it writes at other times."""
    return re.split(rb"\d", line.strip(), maxsplit=1)[0]


def _names(choice: Choice, header: Header, name: str, columns: tuple[str, ...] | None) -> list[str]:
    if columns is not None:
        if len(columns) != choice.width:
            raise SessionFileError(
                f"{name}: line {header.first.line}: {choice.width} values, found "
                f"{len(columns)} names in --columns; allowed: one for each"
            )
        refuse_twice(columns, f"{name}: --columns")
        return list(columns)
    if header.names is None:
        raise _nameless(choice, header, name)
    return names_of(header.names, choice, name)


def _nameless(choice: Choice, header: Header, name: str) -> SessionFileError:
    above = _told_before(choice, header.first)
    if above and len(above[-1].cells) > 1 and are_names(above[-1].cells):
        found = f"line {above[-1].line} has {len(above[-1].cells)} names"
    else:
        shown = inert(", ".join(header.first.cells)[:_SHOWN])
        found = f"the first row is of values ({shown})"
    return SessionFileError(
        f"{name}: line {header.first.line}: no names for its {choice.width} columns, found: "
        f"{found}; allowed: a header, or --columns with their names"
    )


def _told_before(choice: Choice, record: Record) -> list[Record]:
    """Records above one, without comments and blank ones."""
    above = choice.records[: choice.records.index(record)]
    return [one for one in above if not one.is_blank and not one.is_comment]


def _start_of(choice: Choice, record: Record) -> int:
    """Lines before a record, which may have several."""
    index = choice.records.index(record)
    return choice.records[index - 1].line if index else record.line - 1


def _longer_first(
    choice: Choice, header: Header, name: str, columns: tuple[str, ...] | None
) -> tuple[bytes, tuple[str, ...]]:
    """A first row of values of another width: mended where only it is longer and names are told.

    Raises:
        SessionFileError: If there is one that cannot be mended.
    """
    above = _told_before(choice, header.first)
    rows = [one for one in above if _is_row(one, header)]
    if not rows or (header.names is None and columns is None):
        return b"", ()
    only, width = rows[0], choice.width
    if len(rows) > 1 or len(only.cells) < width or header.names is not None or len(above) > 1:
        raise ragged(name, only.line, len(only.cells), width)
    lead = choice.separator.character.join(only.cells[:width]).encode() + b"\n"
    extra = f"line {only.line} has {len(only.cells)} values where the others have {width}"
    return lead, (f"{extra}: those beyond are left out",)


def _is_row(record: Record, header: Header) -> bool:
    """Whether a record below the names is a row of values of another width."""
    below = record.line > header.names.line if header.names else True
    return below and record.values == 1.0 and len(record.cells) > 1


def ragged(name: str, line: int, found: int, width: int) -> SessionFileError:
    """The refusal of a row that is longer or shorter than the others."""
    return SessionFileError(
        f"{name}: line {line}: found {found} values, allowed: {width} as in the other lines"
    )


def _styles(choice: Choice, names: Sequence[str], name: str) -> tuple[str, tuple[Style, ...]]:
    body = choice.body()
    columns = [[row[c] for row in body] for c in range(choice.width)]
    where = [f"{name}: column {inert(label) or c + 1}" for c, label in enumerate(names)]
    return styles_of(columns, choice.separator.character, where)


def _thousands(names: Sequence[str], styles: Sequence[Style]) -> tuple[str, ...]:
    found = [(name, style) for name, style in zip(names, styles, strict=True) if style.thousands]
    return tuple(
        f"'{style.thousands}' separates thousands in {inert(name)}" for name, style in found
    )


def _cells(record: Record | None) -> tuple[str, ...]:
    return record.cells if record else ()


def _notes(choice: Choice, header: Header, mended: int) -> list[str]:
    skipped = len(_told_before(choice, header.names or header.first)) - mended
    notes = []
    if skipped:
        where = "header" if header.names else "first row"
        notes.append(f"skipped {skipped} line{'s' * (skipped > 1)} before the {where}")
    if header.units:
        notes.append("units taken from the row below the header")
    if header.kinds:
        notes.append("skipped the row that says how each column was made")
    return notes


def _renamed(header: Header, columns: tuple[str, ...] | None) -> tuple[str, ...]:
    is_renamed = columns is not None and header.names is not None
    return ("names of --columns replace those in the file",) if is_renamed else ()
