"""Spreadsheets: every sheet that holds rows of numbers is a table."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from detector.errors import SessionFileError
from detector.sessions.contents.bounded import BUFFER, DAMAGED, Budget, damaged, unpacking
from detector.sessions.recordings.contract import Hints, Source, Table
from detector.sessions.recordings.documents.cells import column_of
from detector.sessions.recordings.documents.headings import Heading, heading_of

TOP = 100  # rows within which the data begins
ROWS = 20_000  # of a chunk
NO_NUMBERS = "a sheet without rows of numbers"
BROKEN = (CalamineError, OSError, ValueError, MemoryError, OverflowError)


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """The sheets of a workbook; see ``Reader``."""
    _refuse_bomb(source)
    try:
        with CalamineWorkbook.from_path(str(source.path)) as book:
            yield from _tables(book, source, hints)
    except BROKEN as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise SessionFileError(
            f"{source.name}: no whole workbook ({reason}), allowed: xlsx, xls, xlsb, ods "
            "without a password"
        ) from None


def _refuse_bomb(source: Source) -> None:
    """Unpack what it is made of without keeping it, counting: the library does not."""
    if not zipfile.is_zipfile(source.path):
        return
    budget = Budget(source.name, source.size or 0)
    try:
        with zipfile.ZipFile(source.path) as archive:
            for member in archive.infolist():
                name = f"{source.name}/{member.filename}"
                with unpacking(archive.open(member), name, budget, member.header_offset) as stream:
                    while stream.read(BUFFER):
                        pass
    except DAMAGED as error:
        raise damaged(source.name, error) from None


def _tables(book: CalamineWorkbook, source: Source, hints: Hints) -> Iterator[Table]:
    """Each is handed on when the next one is found: only then is it known to have a name."""
    last: tuple[str, Table] | None = None
    left_out: dict[str, str] = {}
    for sheet in book.sheets_metadata:
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        table = _table(book.get_sheet_by_name(sheet.name), source, hints)
        if table is None:
            left_out[sheet.name] = NO_NUMBERS
            continue
        if last is not None:
            last[1].name = last[0]
            table.name = sheet.name
            yield last[1]
        last = sheet.name, table
    if last is None:
        found = f"sheets {', '.join(left_out)}"
        raise SessionFileError(f"{source.name}: no row of numbers, found {found}; allowed: numbers")
    last[1].left_out |= left_out
    yield last[1]


def _table(sheet: CalamineSheet, source: Source, hints: Hints) -> Table | None:
    where = f"{source.name}, sheet {sheet.name}"
    heading = heading_of(list(islice(sheet.iter_rows(), TOP)), hints.columns, where)
    if heading is None:
        return None
    names = _names(sheet, heading)
    return Table(
        _chunks(sheet, heading, names, hints.limit_rows),
        format="Excel",
        units={name: unit for name, unit in heading.units.items() if name and unit},
        row_offset=(sheet.start or (0, 0))[0] + heading.first,
        notes=_notes(heading),
    )


def _notes(heading: Heading) -> list[str]:
    skipped = f"skipped {heading.skipped} rows before the header"
    notes = [skipped] if heading.skipped else []
    return [*notes, "units from the row under the header"] if heading.units else notes


def _names(sheet: CalamineSheet, heading: Heading) -> dict[int, str]:
    """Columns that have a name or hold something; of several without one each has its letter."""
    nameless = {k for k, name in enumerate(heading.names) if not name}
    used: set[int] = set()
    if nameless:
        for row in islice(sheet.iter_rows(), heading.first, None):
            used |= {k for k in nameless - used if k < len(row) and row[k] not in ("", None)}
    lettered = used if len(used) > 1 else set()
    return {
        k: f"column {_letter(k)}" if k in lettered else name
        for k, name in enumerate(heading.names)
        if name or k in used
    }


def _letter(k: int) -> str:
    """As spreadsheets count columns: A to Z, then AA."""
    before, last = divmod(k, 26)
    return f"{_letter(before - 1) if before else ''}{chr(ord('A') + last)}"


def _chunks(
    sheet: CalamineSheet, heading: Heading, names: dict[int, str], limit_rows: int | None
) -> Iterator[pd.DataFrame]:
    below = islice(sheet.iter_rows(), heading.first, None)
    rows = islice((row for row in below if any(map(_holds, row))), limit_rows)
    while chunk := list(islice(rows, ROWS)):
        columns = zip(*chunk, strict=True)
        cells = {k: [_missing(cell) for cell in some] for k, some in enumerate(columns)}
        yield pd.DataFrame({name: column_of(cells[k]) for k, name in names.items()})


def _holds(cell: Any) -> bool:  # noqa: ANN401 -- of any type
    return cell != "" and cell is not None


def _missing(cell: Any) -> Any:  # noqa: ANN401 -- of any type
    return None if cell == "" else cell
