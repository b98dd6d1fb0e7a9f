"""Recorded sessions: files of any kind to samples.

A file has a time column (``ts``, ``time``, ``timestamp``, ``datetime`` …) or a rate, one column
per feature or a row per value, and optionally ``label`` (or ``anomaly``) and ``session``. What
stands in it says the reader of its kind (``recordings``), what that means ``tables``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from detector.errors import SessionFileError
from detector.records import Flags, Samples
from detector.sessions.recordings.contract import NO_HINTS, Hints, Kind, Source, Table
from detector.sessions.recordings.kinds import KINDS, TEXT, reader_of
from detector.sessions.tables.read import Stretch, read_tables
from detector.sessions.tables.roles import RUNNING

RUNNING_COLUMNS = RUNNING  # running signals: kept, but no model feature
SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Findings:
    """What reading a file found, beside the samples.

    Attributes:
        file: Path, as it was given.
        format: In words, for example ``CSV, separated by ';', decimal comma, UTF-16``.
        has_date: False where the file has no date: times are seconds of its own clock.
        rate_hz: As told by the file or by ``--rate``; None: the times say it.
        units: By feature, where the file tells them.
        left_out: What is not a feature and why, by column.
        notes: What was done to the rows, or is worth knowing, a sentence each.
    """

    file: str = ""
    format: str = ""
    has_date: bool = True
    rate_hz: float | None = None
    units: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """One file, or one ``session`` of it, as recorded: holes and gaps are still in it.

    Attributes:
        name: File name, with the session where the file names several.
        samples: All feature columns, the running signal included; in order of time, missing
            cells are NaN.
        label: Shape (n,), True where a fault is labelled; None without labels.
        found: What reading it found.
    """

    name: str
    samples: Samples
    label: Flags | None
    found: Findings = Findings()


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Session files under ``paths``, sorted; a folder is searched to the bottom.

    Raises:
        SessionFileError: If a path does not exist or holds no session file.
    """
    found: list[Path] = []
    for path in paths:
        inside = (
            sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
            if path.is_dir()
            else [path]
        )
        if not inside or not path.exists():
            raise SessionFileError(f"{path}: no session file found, allowed: *.csv, *.parquet")
        found += inside
    return found


def read_recordings(
    paths: Sequence[Path],
    *,
    features: Sequence[str] | None = None,
    limit_rows: int | None = None,
    hints: Hints = NO_HINTS,
) -> Iterator[Recording]:
    """Read files one after the other.

    Args:
        paths: Files or folders.
        features: Columns to keep besides a running signal; None keeps all.
        limit_rows: Rows to read of each file; None reads all.
        hints: What the files do not say themselves.

    Yields:
        One recording per file, or per ``session`` value.

    Raises:
        SessionFileError: If a file is unreadable, has no time column or no numeric feature.
    """
    hints = replace(hints, limit_rows=hints.limit_rows if limit_rows is None else limit_rows)
    for path in find_files(paths):
        with _sources(path) as sources:
            for source in sources:
                yield from _read_source(path, source, hints, features)


def _read_source(
    path: Path, source: Source, hints: Hints, features: Sequence[str] | None
) -> Iterator[Recording]:
    where = str(path.parent / source.name)
    kind, tables = _tables(replace(source, name=where), hints)  # a refusal names the whole path
    for table in read_tables(tables, where, hints, features):
        found = Findings(
            file=where,
            format=table.format or kind.name,
            has_date=table.has_date,
            rate_hz=table.rate_hz,
            units=table.units,
            left_out=table.left_out,
            notes=table.notes,
        )
        name = f"{source.name}:{table.name}" if table.name else source.name
        for stretch in table.stretches:
            yield _recording(name, table.features, stretch, found)


def _recording(
    name: str, features: tuple[str, ...], stretch: Stretch, found: Findings
) -> Recording:
    return Recording(
        name=name + stretch.suffix,
        samples=Samples(features, stretch.ts, stretch.values, stretch.session),
        label=stretch.label,
        found=replace(found, notes=(*found.notes, *stretch.notes)),
    )


@contextmanager
def _sources(path: Path) -> Iterator[Iterator[Source]]:
    size = path.stat().st_size if path.exists() else None
    source = Source(path.name, path, path.suffix.lower(), size, lambda: path.open("rb"))
    yield iter([source])


def _tables(source: Source, hints: Hints) -> tuple[Kind, Iterator[Table]]:
    kind = next((kind for kind in KINDS if source.suffix in kind.suffixes), TEXT)
    if find_spec(f"detector.sessions.recordings.{kind.module}"):
        return kind, reader_of(kind, source.name)(source, hints)
    return kind, iter([_plain_table(source, hints)])


def _plain_table(source: Source, hints: Hints) -> Table:
    """CSV and Parquet, as long as they have no reader of their own."""
    try:
        if source.suffix == ".parquet":
            table = pd.read_parquet(source.path)
            if isinstance(table.index, pd.DatetimeIndex):
                table = table.reset_index(names=table.index.name or "")
            return Table(iter([table]), format="Parquet")
        names = list(hints.columns) if hints.columns else None
        separator = _separator(source.path)
        chunks = pd.read_csv(
            source.path, sep=separator, comment="#", chunksize=200_000, names=names, dtype=None
        )
        return Table(_refusing(chunks, source), format="CSV", row_offset=1)
    except (OSError, ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise _unreadable(source, error) from None


def _refusing(chunks: Iterator[pd.DataFrame], source: Source) -> Iterator[pd.DataFrame]:
    try:
        yield from chunks
    except (OSError, ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise _unreadable(source, error) from None


def _unreadable(source: Source, error: Exception) -> SessionFileError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return SessionFileError(
        f"{source.path}: cannot be read ({reason}), allowed: CSV with ',' or ';', or Parquet"
    )


def _separator(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        header = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return max(";\t,", key=header.count)
