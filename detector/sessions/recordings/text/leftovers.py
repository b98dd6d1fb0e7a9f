"""Lines that are no rows: which of them may stay out, and which make a file unreadable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyarrow import csv

from detector.sessions.recordings.text.blocks import Block
from detector.sessions.recordings.text.cells import Look, look_of
from detector.sessions.recordings.text.layout import Layout, beginning_of, ragged

_ALIKE = 50  # lines above the last that tell how its numbers are written
_COMMENTS = re.compile(rb"(?m)^#.*\n?")


@dataclass(slots=True)
class Left:
    """What was left out so far.

    Attributes:
        headers: Lines that repeat the header.
        blanks: Rows whose cells are all empty.
        ends: Lines of words behind the last row.
        cut: Whether the last line was cut off, or may have been.
        nameless: Columns without a name that held something, counted from 0.
    """

    headers: int = 0
    blanks: int = 0
    ends: int = 0
    cut: bool = False
    nameless: set[int] = field(default_factory=set)

    def notes(self) -> list[str]:
        """A sentence each."""
        said = (
            (self.headers, "repeated header"),
            (self.blanks, "row without any value"),
            (self.ends, "line behind the last row"),
            (int(self.cut), "last line that was cut off in writing, or may have been"),
        )
        return [f"left out: {count} x {what}" for count, what in said if count]


def without_repeats(text: bytes, layout: Layout, left: Left) -> bytes:
    """Take out comments, and what a logger wrote above its rows again when it started again.

    Args:
        text: Lines.
        layout: Of the file.
        left: Where they are counted.
    """
    if b"#" in text and (b"\n#" in text or text.startswith(b"#")):
        text = _without_comments(text, layout.quote.encode())
    if not layout.header or layout.header not in text:
        return text
    header = re.compile(
        rb"(?m)^" + re.escape(layout.header) + rb"\r?(?:\n|\Z)" + rb"(?:.*\n)" * layout.below
    )
    kept, at = [], 0
    for found in header.finditer(text):
        kept.append(text[at : _start(text, at, found.start(), layout)])
        at = found.end()
        left.headers += 1
    return b"".join([*kept, text[at:]])


def without_half(text: bytes, layout: Layout, left: Left) -> bytes:
    """Take out a last line that has no line end where its last number may be half of one.

    It is whole where that number is as long as those above, by all digits or by its decimals.

    Args:
        text: The last lines of a file.
        layout: Of the file.
        left: Where it is counted.
    """
    above, _, last = text.rpartition(b"\n")
    if not above or not last.strip():
        return text
    cells = [_last_cell(line, layout) for line in above.splitlines()[-_ALIKE:]]
    cell = _last_cell(last, layout)
    is_quoted = cell.endswith(layout.quote.encode())
    if is_quoted or _ends_alike(cell, cells, layout.decimal.encode()):
        return text
    left.cut = True
    return above + b"\n"


def _last_cell(line: bytes, layout: Layout) -> bytes:
    return line.rstrip().rpartition(layout.separator.character.encode())[2].strip()


def _ends_alike(cell: bytes, others: Sequence[bytes], point: bytes) -> bool:
    """Whether a cell is as long as all others, or has as many decimals."""
    if {len(cell)} == {len(other) for other in others}:
        return True
    decimals = {len(other.rpartition(point)[2]) for other in others if point in other}
    return point in cell and decimals == {len(cell.rpartition(point)[2])}


def _without_comments(text: bytes, quote: bytes) -> bytes:
    """A line that begins with ``#`` within quotes is part of a cell."""
    if quote not in text:
        return _COMMENTS.sub(b"", text)
    kept: list[bytes] = []
    at, quotes = 0, 0
    for found in _COMMENTS.finditer(text):
        quotes += text.count(quote, at, found.start())
        kept.append(text[at : found.end() if quotes % 2 else found.start()])
        quotes += found[0].count(quote) if quotes % 2 else 0
        at = found.end()
    return b"".join([*kept, text[at:]])


def _start(text: bytes, least: int, header: int, layout: Layout) -> int:
    """Where the lines begin that a logger wrote above a header, as it did above the first."""
    start = header
    for beginning in layout.above:
        before = max(text.rfind(b"\n", least, max(start - 1, least)) + 1, least)
        line = text[before:start]
        if before == start or beginning_of(line) != beginning or (line.strip() and not beginning):
            break
        start = before
    return start


def judge(
    wrong: Sequence[csv.InvalidRow], rows: int, block: Block, layout: Layout, left: Left, name: str
) -> None:
    """Let blank lines, a cut last one and words behind the last row stay out.

    Args:
        wrong: Lines of another width than the rows.
        rows: How many lines of the block are rows.
        block: Where they stand.
        layout: Of the file.
        left: Where they are counted.
        name: Of the file, for the refusal.

    Raises:
        SessionFileError: If there is any other.
    """
    told = [row for row in wrong if row.text.strip()]
    if told and block.is_last and _is_cut(told[-1], block):
        left.cut = True
        del told[-1]
    if told and block.is_last and _are_behind(told, wrong, rows, layout):
        left.ends += len(told)
        return
    if told:
        line = _line_of(told[0], block, layout)
        raise ragged(name, line, told[0].actual_columns, told[0].expected_columns)


def _is_cut(row: csv.InvalidRow, block: Block) -> bool:
    """Whether a row is the very last line, shorter than the others and without a line end."""
    last = block.text.rpartition(b"\n")[2]
    is_short = row.actual_columns < row.expected_columns
    return bool(last) and is_short and row.text.strip().split() == last.decode().strip().split()


def _are_behind(
    told: Sequence[csv.InvalidRow], wrong: Sequence[csv.InvalidRow], rows: int, layout: Layout
) -> bool:
    """Whether no row follows, and nothing in these lines is a value."""
    numbers = [row.number for row in wrong]
    before = told[0].number - 1 - numbers.index(told[0].number)
    cells = [cell for row in told for cell in row.text.split(layout.separator.character)]
    return before == rows and all(look_of(cell.strip(" \"'")) is not Look.VALUE for cell in cells)


def _line_of(row: csv.InvalidRow, block: Block, layout: Layout) -> int:
    """The line of the file where a row begins."""
    prepare = layout.separator.prepare or bytes
    wanted = row.text.partition("\n")[0].rstrip("\r").encode()
    lines = enumerate(block.text.split(b"\n"), 1)
    found = (number for number, line in lines if prepare(line).rstrip(b"\r") == wanted)
    return block.lines_before + next(found, 1)
