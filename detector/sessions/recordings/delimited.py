"""Delimited text: CSV in all its forms, and what loggers, oscilloscopes and programs write.

The first 256 KiB decide how the text is laid out; then it is read once from the start to the end,
in blocks of some 100,000 rows. What the parts of that are is in ``text/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter

import pandas as pd

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import Hints, Source, Table
from detector.sessions.recordings.text.annotated import (
    QUOTE,
    is_annotated,
    layout_below,
    sections,
)
from detector.sessions.recordings.text.blocks import Block, LineBlocks
from detector.sessions.recordings.text.encoding import TextStream
from detector.sessions.recordings.text.layout import Layout, layout_of
from detector.sessions.recordings.text.rows import Rows

_SNIFFED = 1 << 18
_ROWS = 150_000
_LEAST, _MOST = 1 << 16, 1 << 25  # bytes of a block
_CSV = {",", ";"}


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """Read delimited text.

    Args:
        source: The file.
        hints: What it does not say: names where it has no header, how many rows to read.

    Yields:
        Its table; of InfluxDB's annotated CSV one for each run of tables with the same columns.
        A table that is not used up when the next is asked for is kept in memory.

    Raises:
        SessionFileError: If it is no text, no table, or has a line that does not fit the others.
    """
    text = TextStream(source.open(), source.name)
    lines = LineBlocks(text, source.name)
    head, whole = lines.head(_SNIFFED)
    if is_annotated(head):
        yield from _annotated(lines, text, source.name, hints)
    else:
        shown = head.decode("utf-8", "ignore")
        layout = layout_of(shown, source.name, hints.columns, whole=whole)
        blocks = lines.blocks(_block_size(head, hints), layout.quote.encode())
        yield _table(_behind_header(blocks, layout), layout, text, source.name, hints)


def _annotated(lines: LineBlocks, text: TextStream, name: str, hints: Hints) -> Iterator[Table]:
    head, _ = lines.head(_SNIFFED)
    found = sections(lines.blocks(_block_size(head, hints), QUOTE.encode()))
    tables = 0
    for header, group in groupby(found, itemgetter(0)):
        below = (block for _, block in group)
        first = next(below)
        layout = layout_below(header, first.lines_before, name)
        table = _table(chain([first], below), layout, text, name, hints)
        table.format = f"InfluxDB annotated {table.format}"
        yield table
        table.chunks = iter(list(table.chunks))
        tables += 1
    if not tables:
        raise SessionFileError(f"{name}: no row below its header, allowed: rows of values")


def _block_size(head: bytes, hints: Hints) -> int:
    """Bytes that hold the rows of a block, or those asked for."""
    line = len(head) / max(head.count(b"\n"), 1)
    rows = min(_ROWS, 2 * (hints.limit_rows or _ROWS))
    return int(min(max(rows * line, _LEAST), _MOST))


def _behind_header(blocks: Iterator[Block], layout: Layout) -> Iterator[Block]:
    """The blocks from the first row on; a row that was mended is put in front."""
    first = next(blocks).without_lines(layout.lines_before)
    yield Block(layout.lead + first.text, first.lines_before - bool(layout.lead), first.is_last)
    yield from blocks


def _table(
    blocks: Iterator[Block], layout: Layout, text: TextStream, name: str, hints: Hints
) -> Table:
    table = Table(
        iter(()),
        format=_words(layout, text.encoding),
        units=dict(layout.units),
        rate_hz=layout.rate_hz,
        row_offset=layout.lines_before - bool(layout.lead),
        notes=list(layout.notes),
    )
    table.chunks = _chunks(table, blocks, Rows(layout, name), layout, text, hints.limit_rows)
    return table


def _chunks(
    table: Table,
    blocks: Iterator[Block],
    rows: Rows,
    layout: Layout,
    text: TextStream,
    limit: int | None,
) -> Iterator[pd.DataFrame]:
    """The rows; what was found on the way is written into the table at the end."""
    left = limit
    for block in blocks:
        frame = rows.frame(block)
        if left is not None:
            frame = frame.head(left)
            left -= len(frame)
        if len(frame):
            yield frame
        if left == 0:
            break
    table.format = table.format if table.format.startswith("I") else _words(layout, text.encoding)
    table.notes += [*rows.left.notes(), *text.notes]
    table.left_out |= {f"column {c + 1}": "has no name" for c in sorted(rows.left.nameless)}


def _words(layout: Layout, encoding: str) -> str:
    """For people: the kind, what stands between cells and in numbers, the encoding."""
    kind = "CSV" if layout.separator.character in _CSV else "text"
    return f"{kind}, {layout.words}" + ("" if encoding == "UTF-8" else f", {encoding}")
