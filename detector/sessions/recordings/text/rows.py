"""Lines to columns, block by block; what is no row is left out and said, or refused by its line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from detector.errors import SessionFileError
from detector.sessions.recordings.text.blocks import Block
from detector.sessions.recordings.text.layout import Layout
from detector.sessions.recordings.text.leftovers import Left, judge, without_half, without_repeats
from detector.sessions.recordings.text.numbers import numbers_of
from detector.text import inert


class Rows:
    """Makes columns of lines, with the same names for each block.

    A column is numbers where all of its cells in the block are, times where all are in ISO 8601,
    and text otherwise; an empty cell is missing, in text it is empty.
    """

    def __init__(self, layout: Layout, name: str) -> None:
        self._layout, self._name = layout, name
        self._keys = [str(c) for c in range(len(layout.names))]
        self._kept = [c for c, label in enumerate(layout.names) if label or c == 0]
        self._types = {
            key: pa.string()
            for key, style in zip(self._keys, layout.styles, strict=True)
            if style.thousands or style.decimal != layout.decimal
        }
        self.left = Left()

    def frame(self, block: Block) -> pd.DataFrame:
        """The rows of a block.

        Raises:
            SessionFileError: If a line has more or fewer cells than the others.
        """
        text = without_repeats(block.text, self._layout, self.left)
        if block.is_last:
            text = without_half(text, self._layout, self.left)
        if self._layout.separator.prepare is not None:
            text = self._layout.separator.prepare(text)
        table, wrong = self._parsed(text, block)
        if wrong:
            judge(wrong, table.num_rows, block, self._layout, self.left, self._name)
        table = self._without_blanks(table)
        self._look_at_nameless(table)
        return pd.DataFrame({self._layout.names[c]: self._column(table, c) for c in self._kept})

    def _parsed(self, text: bytes, block: Block) -> tuple[pa.Table, list[csv.InvalidRow]]:
        if not text or text.isspace():
            return pa.table({key: pa.array([], pa.float64()) for key in self._keys}), []
        try:
            table, wrong = self._read(text)
            undecided = [key for key in self._keys if _is_undecided(table.schema.field(key).type)]
            self._types |= dict.fromkeys(undecided, pa.string())
            return self._read(text) if undecided else (table, wrong)
        except pa.ArrowInvalid as error:
            reason = str(error).splitlines()[0]
            raise SessionFileError(
                f"{self._name}: behind line {block.lines_before}: {reason}, allowed: lines of "
                f"{len(self._keys)} cells"
            ) from None

    def _read(self, text: bytes) -> tuple[pa.Table, list[csv.InvalidRow]]:
        layout, wrong = self._layout, list[csv.InvalidRow]()

        def keep(row: csv.InvalidRow) -> str:
            wrong.append(row)
            return "skip"

        table = csv.read_csv(
            pa.py_buffer(text),
            csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=self._keys),
            csv.ParseOptions(
                delimiter=layout.separator.character,
                quote_char=layout.quote,
                newlines_in_values=layout.quote.encode() in text,
                invalid_row_handler=keep,
            ),
            csv.ConvertOptions(decimal_point=layout.decimal, column_types=self._types),
        )
        return table, wrong

    def _without_blanks(self, table: pa.Table) -> pa.Table:
        """Rows such as ``;;;`` that a spreadsheet leaves below the last."""
        empty = pa.chunked_array([pa.repeat(True, table.num_rows)])
        for column in table.columns:
            empty = pc.and_(empty, _is_empty(column))
            if not pc.any(empty).as_py():
                return table
        kept = table.filter(pc.invert(empty))
        self.left.blanks += table.num_rows - kept.num_rows
        return kept

    def _look_at_nameless(self, table: pa.Table) -> None:
        for c in set(range(len(self._keys))) - set(self._kept):
            if not pc.all(_is_empty(table.column(c))).as_py():
                self.left.nameless.add(c)

    def _column(self, table: pa.Table, column: int) -> pd.Series:
        """A column in the kinds that the contract knows."""
        cells = table.column(column)
        if pa.types.is_null(cells.type):
            return pd.Series(np.full(len(cells), np.nan))
        if pa.types.is_timestamp(cells.type):
            return _in_ns(cells)
        if pa.types.is_string(cells.type):
            style, label = self._layout.styles[column], self._layout.names[column]
            where = f"{self._name}: column {inert(label) or column + 1}"
            cells = pc.utf8_trim_whitespace(cells)
            cells = numbers_of(cells, style, where, is_usual=self._layout.decimal == ".")
        return cells.to_pandas()


def _is_undecided(kind: pa.DataType) -> bool:
    """Whether the parser made something of a column that is not for it to decide."""
    types = pa.types
    known = (
        types.is_floating, types.is_integer, types.is_null, types.is_string, types.is_timestamp,
    )  # fmt: skip
    return not any(is_kind(kind) for is_kind in known)


def _is_empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.equal(column, "") if pa.types.is_string(column.type) else pc.is_null(column)


def _in_ns(times: pa.ChunkedArray) -> pd.Series:
    """In nanoseconds, unless the years are beyond them."""
    try:
        return times.cast(pa.timestamp("ns", times.type.tz)).to_pandas()
    except pa.ArrowInvalid:
        return times.to_pandas()
