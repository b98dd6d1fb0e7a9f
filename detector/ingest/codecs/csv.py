"""Lines of separated values; the source's columns say what they are, else a header line."""

from __future__ import annotations

import csv

from detector.ingest.messages.contract import Message, Reading, RefusedPayloadError
from detector.ingest.messages.documents import Object, record_of
from detector.ingest.messages.values import TEXT_NUMBER, checked_count
from detector.settings.sources import SourceSettings
from detector.vocabulary import TIME_NAMES

SEPARATORS = ";\t,"
LONGEST_LINE = 65_536


class Csv:
    """One line a sample."""

    def fits(self, message: Message, source: SourceSettings) -> bool:
        """Columns are named by the source or a header, and the first line has as many cells."""
        try:
            lines = message.payload.decode().splitlines()
            cells = _cells(lines[0]) if lines else []
        except (UnicodeDecodeError, RefusedPayloadError):
            return False
        if source.columns:
            return len(cells) == len(source.columns) > 1
        return len(lines) > 1 and _is_header(cells)

    def read(self, message: Message, source: SourceSettings) -> Reading:
        """Read a message; see ``Codec``."""
        try:
            lines = [line for line in message.payload.decode().splitlines() if line.strip()]
        except UnicodeDecodeError:
            line = "payload: not UTF-8, allowed: CSV in UTF-8"
            raise RefusedPayloadError("format", line) from None
        columns = source.columns
        if lines and _is_header(_cells(lines[0])):
            columns = tuple(name.strip() for name in _cells(lines.pop(0)))
        if not columns:
            line = "payload: CSV without names, allowed: `columns` of the source, or a header line"
            raise RefusedPayloadError("columns", line)
        checked_count(len(lines))
        return Reading(record_of(_row(line, columns), source) for line in lines)


def _row(line: str, columns: tuple[str, ...]) -> Object:
    cells = _cells(line)
    if len(cells) != len(columns):
        allowed = f"{len(columns)}: {', '.join(columns)[:120]}"
        raise RefusedPayloadError("columns", f"line: found {len(cells)} cells, allowed: {allowed}")
    cells = [cell.strip() for cell in cells]
    return {name: cell or None for name, cell in zip(columns, cells, strict=True)}


def _cells(line: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        found = f"{len(line)} characters"
        raise RefusedPayloadError("size", f"line: found {found}, allowed: {LONGEST_LINE}")
    separator = next((mark for mark in SEPARATORS if mark in line), ",")
    return next(csv.reader([line], delimiter=separator), [])


def _is_header(cells: list[str]) -> bool:
    """Whether no cell is a number and one at least is called like a time."""
    names = [cell.strip().lower() for cell in cells]
    return any(name in TIME_NAMES for name in names) and not any(map(TEXT_NUMBER.fullmatch, names))
