"""Recorded sessions: CSV and Parquet files to samples.

A file has a time column (``ts``, ``time``, ``timestamp`` or ``datetime``; seconds or ISO 8601),
one column per feature, and optionally ``label`` (or ``anomaly``) and ``session``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from detector.errors import SessionFileError
from detector.records import Flags, Samples, Times, Values
from detector.sessions.finding import find_files as find_files  # noqa: PLC0414 -- used from here
from detector.sessions.recordings.contract import NO_HINTS, Hints

TIME_COLUMNS = ("ts", "time", "timestamp", "datetime")
LABEL_COLUMNS = ("label", "anomaly")
RUNNING_COLUMNS = ("rpm", "running")  # running signals: kept, but no model feature
# What ``score`` and ``export`` write beside the signals says nothing of the machine.
WRITTEN, RECONSTRUCTED = ("score", "mse", "threshold"), "_reconstruction"
NOT_FEATURES = {*TIME_COLUMNS, *LABEL_COLUMNS, *WRITTEN, "changepoint", "session"}


@dataclass(frozen=True, slots=True)
class Findings:
    """What reading a file found, beside the samples.

    Attributes:
        file: Path, as it was given.
        format: In words, for example ``CSV, separated by ';', decimal comma, UTF-16``.
        has_date: False where times count from 0 because the file has no date.
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
    for path in find_files(paths):
        yield from _read_file(path, features, limit_rows)


def _read_file(
    path: Path, features: Sequence[str] | None, limit_rows: int | None
) -> Iterator[Recording]:
    table = _read_table(path, limit_rows)
    ts = _times(table, path)
    columns = _feature_columns(table, path, features)
    values = np.column_stack([_numbers(table, name, path) for name in columns])
    label = _label(table, path)
    names = table["session"].astype(str).to_numpy() if "session" in table else None
    for start, end in _runs(names, len(ts)):
        session = None if names is None else str(names[start])
        yield Recording(
            name=path.name if session is None else f"{path.name}:{session}",
            samples=Samples(tuple(columns), ts[start:end], values[start:end], session),
            label=None if label is None else label[start:end],
        )


def _read_table(path: Path, limit_rows: int | None) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
            return table if limit_rows is None else table.head(limit_rows)
        return pd.read_csv(path, sep=_separator(path), comment="#", nrows=limit_rows)
    except (OSError, ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SessionFileError(
            f"{path}: cannot be read ({reason}), allowed: CSV with ',' or ';', or Parquet"
        ) from None


def _separator(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        header = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return ";" if header.count(";") > header.count(",") else ","


def _times(table: pd.DataFrame, path: Path) -> Times:
    name = next((column for column in TIME_COLUMNS if column in table), None)
    if name is None:
        raise SessionFileError(
            f"{path}: no time column, found {', '.join(map(str, table.columns[:8]))}; "
            f"allowed: {', '.join(TIME_COLUMNS)}"
        )
    column = table[name]
    try:
        if pd.api.types.is_numeric_dtype(column):
            ts = column.to_numpy(np.float64)
        else:
            parsed = pd.to_datetime(column, utc=True, format="ISO8601")
            ts = parsed.to_numpy("datetime64[ns]").astype(np.int64) / 1e9
    except (ValueError, TypeError) as error:
        raise SessionFileError(
            f"{path}: column {name}: {str(error).splitlines()[0]}; allowed: seconds or ISO 8601"
        ) from None
    if not len(ts) or not np.isfinite(ts).all():
        found = "no rows" if not len(ts) else f"row {int(np.flatnonzero(~np.isfinite(ts))[0]) + 1}"
        raise SessionFileError(f"{path}: column {name}: {found} without a time")
    return np.asarray(ts, np.float64)


def _feature_columns(table: pd.DataFrame, path: Path, features: Sequence[str] | None) -> list[str]:
    present = [str(c) for c in table.columns if c not in NOT_FEATURES and not _is_written(str(c))]
    if features is None:
        chosen = present
    else:
        missing = [name for name in features if name not in present]
        if missing:
            raise SessionFileError(
                f"{path}: no column {', '.join(missing)}; found {', '.join(present)}"
            )
        running = [name for name in present if name in RUNNING_COLUMNS and name not in features]
        chosen = [*features, *running]
    if not chosen:
        raise SessionFileError(f"{path}: no feature column beside the time")
    return chosen


def _is_written(column: str) -> bool:
    return column.endswith(RECONSTRUCTED)


def _numbers(table: pd.DataFrame, name: str, path: Path) -> Values:
    try:
        return np.asarray(table[name].to_numpy(np.float32))
    except (ValueError, TypeError) as error:
        raise SessionFileError(f"{path}: column {name}: {error}; allowed: numbers") from None


def _label(table: pd.DataFrame, path: Path) -> Flags | None:
    name = next((column for column in LABEL_COLUMNS if column in table), None)
    return None if name is None else _numbers(table, name, path) > 0.5


def _runs(names: np.ndarray | None, n: int) -> list[tuple[int, int]]:
    if names is None:
        return [(0, n)]
    cuts = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist(), n]
    return list(pairwise(cuts))
