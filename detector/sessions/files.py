"""Recorded sessions: files of any kind to samples.

A file has a time column (``ts``, ``time``, ``timestamp``, ``datetime`` …) or a rate, one column
per feature or a row per value, and optionally ``label`` (or ``anomaly``) and ``session``. What
stands in it says the reader of its kind (``recordings``), what that means ``tables``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from detector.records import Flags, Samples
from detector.sessions.finding import STDIN as STDIN  # noqa: PLC0414 -- used from here
from detector.sessions.finding import find_files as find_files  # noqa: PLC0414 -- used from here
from detector.sessions.packing import sources
from detector.sessions.recordings.contract import NO_HINTS as NO_HINTS  # noqa: PLC0414
from detector.sessions.recordings.contract import Hints as Hints  # noqa: PLC0414
from detector.sessions.recordings.contract import Source
from detector.sessions.recordings.kinds import kind_of, reader_of
from detector.sessions.recordings.told import Tell, told
from detector.sessions.tables.read import Stretch, read_tables
from detector.sessions.tables.roles import RUNNING

RUNNING_COLUMNS = RUNNING  # running signals: kept, but no model feature


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
        machine: The file, with the table where there are several: what is one machine's, in one
            session or many; empty: not known.
    """

    name: str
    samples: Samples
    label: Flags | None
    found: Findings = Findings()
    machine: str = ""


def read_recordings(
    paths: Sequence[Path],
    *,
    features: Sequence[str] | None = None,
    limit_rows: int | None = None,
    hints: Hints = NO_HINTS,
    tell: Tell | None = None,
) -> Iterator[Recording]:
    """Read files one after the other.

    Args:
        paths: Files or folders.
        features: Columns to keep besides a running signal; None keeps all.
        limit_rows: Rows to read of each file; None reads all.
        hints: What the files do not say themselves.
        tell: Called with the bytes that were read of a file since the last call, for progress.

    Yields:
        One recording per file, or per ``session`` value.

    Raises:
        SessionFileError: If a file is unreadable, has no time column or no numeric feature.
    """
    hints = replace(hints, limit_rows=hints.limit_rows if limit_rows is None else limit_rows)
    for path in find_files(paths):
        with sources(path) as found:
            for source in found:
                heard = source if tell is None else _telling(source, path, tell)
                yield from _read_source(path, heard, hints, features)


def _telling(source: Source, path: Path, tell: Tell) -> Source:
    """The same source, whose bytes are told; of what was packed they are not those of the file."""
    return replace(source, open=partial(told, source.open, tell)) if source.path == path else source


def _read_source(
    path: Path, source: Source, hints: Hints, features: Sequence[str] | None
) -> Iterator[Recording]:
    where = str(path.parent / source.name)
    named = replace(source, name=where)  # a refusal names the whole path
    kind = kind_of(named)
    for table in read_tables(reader_of(kind, where)(named, hints), where, hints, features):
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
        machine=f"{found.file}:{name}",
    )
