"""JSON: an object a line, read in pieces, or one document of any known shape, read whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice

import pandas as pd

from detector.errors import SessionFileError
from detector.sessions.contents import looks
from detector.sessions.recordings.contract import Hints, Source, Table
from detector.sessions.recordings.documents import batches
from detector.sessions.recordings.documents.cells import frame_of
from detector.sessions.recordings.documents.columnar import Columns
from detector.sessions.recordings.documents.parse import decode, decode_all
from detector.sessions.recordings.documents.rows import Row, bare, flat
from detector.sessions.recordings.documents.shapes import tables_of

ROWS = 50_000  # of a chunk
BLOCK = 1 << 18  # bytes of lines decoded at once
MOST_COLUMNS = 2000
CONTAINERS = frozenset({dict, list})
LONGEST_LINE = 64 << 20  # bytes; longer: a document without line ends
LONGEST_DOCUMENT = 512 << 20  # bytes; it is read whole and takes some ten times as much memory


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """Tables of a JSON file; see ``Reader``."""
    if _is_lined(source):
        table = Table(iter(()), format="JSON lines", row_offset=0)
        table.chunks = _Lines(source, hints, table).chunks()
        yield table
    else:
        yield from _of_document(source, hints)


def _lines(source: Source) -> Iterator[bytes]:
    """Lines with their ends, in UTF-8 without its mark; the last of a cut file has no end."""
    with source.open() as stream:
        head = stream.read(3)
    with source.open() as stream:
        if head.startswith(looks.WIDE):
            text = io.TextIOWrapper(stream, "utf-16", errors="replace")
            yield from (line.encode() for line in text)
            return
        stream.read(3 if head == looks.BOMS[0] else 0)
        while line := stream.readline(LONGEST_LINE):
            yield line


def _blocks(lines: Iterator[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """Lines with their numbers, some at a time."""
    block, size = [], 0
    for n, line in enumerate(lines, 1):
        block.append((n, line))
        size += len(line)
        if size > BLOCK:
            yield block
            block, size = [], 0
    yield block


def _is_lined(source: Source) -> bool:
    """Whether one of the first two lines is a whole object or list and not the only one."""
    first = list(islice((line for line in _lines(source) if line.strip()), 2))
    if len(first) < 2 or first[0].strip() in (b"[", b"{"):
        return False
    return any(map(_is_whole, first))


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(decode(line, ""), dict | list)
    except SessionFileError:
        return False


class _Lines:
    """The rows of a file with an object or a list a line."""

    def __init__(self, source: Source, hints: Hints, table: Table) -> None:
        self._source = source
        self._hints = hints
        self._table = table

    def chunks(self) -> Iterator[pd.DataFrame]:
        """Columns of all rows, some at a time: a key that comes late is missing before."""
        rows = self._rows()
        chunk = list(islice(rows, ROWS))
        names = self._names(chunk if len(chunk) < ROWS else self._rows())
        if not names:
            raise SessionFileError(f"{self._source.name}: no row in it, allowed: an object a line")
        short = bare(names)
        while chunk:
            yield frame_of({short[name]: [row.get(name) for row in chunk] for name in names})
            chunk = list(islice(rows, ROWS))

    def _names(self, rows: Iterator[Row] | list[Row]) -> list[str]:
        names: dict[str, None] = {}
        for row in rows:
            if row.keys() <= names.keys():
                continue
            names.update(dict.fromkeys(row))
            if len(names) > MOST_COLUMNS:
                raise SessionFileError(
                    f"{self._source.name}: more than {MOST_COLUMNS} keys, allowed: as many as that"
                )
        return list(names)

    def _rows(self) -> Iterator[Row]:
        return islice(self._all_rows(), self._hints.limit_rows)

    def _all_rows(self) -> Iterator[Row]:
        names = self._hints.columns
        for n, found in self._decoded():
            if isinstance(found, list) and names is None:
                names = self._header(n, found)
            elif isinstance(found, list):
                yield dict(zip(names or (), self._as_wide(n, found, names or ()), strict=True))
            elif isinstance(found, dict) and CONTAINERS.isdisjoint(map(type, found.values())):
                yield found
            elif isinstance(found, dict):
                for row in batches.rows_of(found, self._table.left_out):
                    yield flat(row, self._table.left_out)
            else:
                raise self._refused(n, f"found {str(found)[:40]}")

    def _decoded(self) -> Iterator[tuple[int, object]]:
        """Each line's number and value, read many at once where all are whole."""
        for block in _blocks(_lines(self._source)):
            filled = [(n, line) for n, line in block if not line.isspace()]
            values = decode_all([line for _, line in filled])
            if values is None:
                yield from self._one_by_one(filled)
            else:
                yield from ((n, value) for (n, _), value in zip(filled, values, strict=True))

    def _one_by_one(self, lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, object]]:
        """The same where a line is broken; a last one that was cut off is dropped."""
        for n, line in lines:
            try:
                yield n, decode(line, f"{self._source.name}: line {n}")
            except SessionFileError:
                if line.endswith(b"\n"):
                    raise
                note = f"dropped the last line, {n}: it is cut off"
                self._table.notes += [] if note in self._table.notes else [note]

    def _header(self, n: int, found: list[object]) -> tuple[str, ...]:
        if not all(isinstance(name, str) for name in found) or len(set(found)) < len(found):
            raise self._refused(n, f"{len(found)} columns without names", "--columns")
        return tuple(map(str, found))

    def _as_wide(self, n: int, found: list[object], names: tuple[str, ...]) -> list[object]:
        if len(found) != len(names):
            raise self._refused(n, f"{len(found)} values", f"{len(names)}")
        return found

    def _refused(self, n: int, found: str, allowed: str = "an object a line") -> SessionFileError:
        return SessionFileError(f"{self._source.name}: line {n}: {found}, allowed: {allowed}")


def _of_document(source: Source, hints: Hints) -> Iterator[Table]:
    content = bytearray()
    for line in _lines(source):
        content += line
        if len(content) > LONGEST_DOCUMENT:
            raise SessionFileError(
                f"{source.name}: one JSON document of more than {LONGEST_DOCUMENT >> 20} MiB, "
                "which is read whole; allowed: JSON lines"
            )
    document = decode(bytes(content), source.name)
    del content
    for found in tables_of(document, hints.columns, source.name):
        yield _table(found, hints)


def _table(found: Columns, hints: Hints) -> Table:
    cells = {name: list(some[: hints.limit_rows]) for name, some in found.cells.items()}
    return Table(
        iter([frame_of(cells)]),
        name=found.name,
        format=f"JSON {found.form}".rstrip(),
        units=found.units,
        rate_hz=found.rate_hz,
        first=found.first,
        left_out=found.left_out,
    )
