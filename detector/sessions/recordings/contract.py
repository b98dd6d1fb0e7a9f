"""What a reader of one kind of file is given and what it returns; what it may not guess is a hint.

A reader says what stands in the file: columns under their names, in the file's own order. Which of
them is the time, what a word means, and whether rows are in order is decided after it, by one rule
for all kinds (``detector/sessions/tables``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

if TYPE_CHECKING:
    import pandas as pd  # takes a second, which every command would wait for


@dataclass(frozen=True, slots=True)
class Hints:
    """What the caller says because the file does not.

    Attributes:
        rate_hz: Samples per second, where there is no time.
        columns: Names, where there is no header.
        time_column: Name of the time; None: looked for.
        day_first: Whether 05/03 is the 5th of March; None: only where it cannot be read both ways.
        limit_rows: Rows to read of each table; None: all.
    """

    rate_hz: float | None = None
    columns: tuple[str, ...] | None = None
    time_column: str | None = None
    day_first: bool | None = None
    limit_rows: int | None = None


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, unpacked if need be.

    Attributes:
        name: For people: the file's name, with the member's where it is in an archive.
        path: Of the bytes on disk; a temporary file where they were packed, unless the kind is
            streamed: then of the packed file.
        suffix: Of the unpacked file, in lower case, for example ``.csv``.
        size: Bytes; None: not known before the end.
        open: The bytes from the beginning, each time anew; closed by whoever opened it. Raises
            ``SessionFileError`` where they cannot be read or unpacked, and so does reading.
    """

    name: str
    path: Path
    suffix: str
    size: int | None
    open: Callable[[], BinaryIO]


@dataclass(slots=True)
class Table:
    """One table of a file, as it stands there.

    Attributes:
        chunks: Its rows in order, some 100,000 at a time: columns of numbers, of text or of
            times (with or without a zone); the index says nothing. Every chunk has the same
            columns; a column may be numbers in one chunk and text in another. Complete once this
            is used up, like the other attributes.
        name: Of the sheet, group or channel; empty where the file has one table.
        format: In words, for example ``CSV, separated by ';'``; empty: the kind's name.
        units: By column, where the file tells them.
        rate_hz: Where the file tells it and no column is the time.
        first: Time of the first sample, UTC seconds, where the file tells it apart.
        row_offset: Lines of the file before the first row, for messages; None: it has no lines.
        left_out: What was not read, and why.
        notes: What else was found, a sentence each.
    """

    chunks: Iterator[pd.DataFrame]
    name: str = ""
    format: str = ""
    units: dict[str, str] = field(default_factory=dict)
    rate_hz: float | None = None
    first: float | None = None
    row_offset: int | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


Reader: TypeAlias = Callable[[Source, Hints], Iterator[Table]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file.

    Attributes:
        name: For people, for example ``WAV``.
        suffixes: In lower case, with the dot.
        module: Under ``detector.sessions.recordings``; has ``read``, a ``Reader`` that raises
            ``SessionFileError``, in one line, for what cannot be read.
        library: What it is read with, where that is an extra; empty otherwise.
        magic: What such a file begins with, where it can be told by that.
        is_streamed: Whether it is read from its beginning to its end through ``Source.open``;
            of other kinds ``Source.path`` is always a file with just these bytes.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    library: str = ""
    magic: tuple[bytes, ...] = ()
    is_streamed: bool = False
