"""Session files: CSV with `#` comment lines, a time column and one column per feature; or Parquet.

Cells are kept as the text they were, so a fault changes its own cells and nothing else in the file.
"""

import csv
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.machines.motor import FEATURES, Samples
from simulator.recordings import parquet
from simulator.recordings.bursts import Bursts

Array = NDArray[np.float64]

FORMATS = {  # of generated files; the others have seven decimals
    "ts": "{:.4f}",
    "rpm": "{:.1f}",
    "label": "{:.0f}",
    "session": "{:.0f}",
    **dict.fromkeys(
        (
            "load",
            "temp_c",
            "vibration_mm_s",
            "pressure_bar",
            "flow_l_min",
            "current_a",
            "temperature_c",
        ),
        "{:.3f}",
    ),
}
FAST_S = 2e-3  # between two samples; the usual decimals of a time would tell them badly apart
TIME_COLUMNS = ("ts", "time", "timestamp", "datetime")
LABEL_COLUMNS = ("label", "anomaly")
RUNNING_COLUMNS = ("rpm", "running")
NOT_FEATURES = frozenset(
    (*TIME_COLUMNS, *LABEL_COLUMNS, *RUNNING_COLUMNS, "changepoint", "session")
)


@dataclass(frozen=True)
class Recording:
    """One session file.

    Attributes:
        path: Where it was read.
        comments: The `#` lines above the column names.
        separator: ``,`` or ``;``.
        cells: The table as text, n rows; as numbers where the file holds numbers.
        ts: Shape (n,), seconds.
        features: Name to shape (n,), NaN where a cell is empty.
    """

    path: Path
    comments: tuple[str, ...]
    separator: str
    cells: pd.DataFrame
    ts: Array
    features: dict[str, Array]

    def column(self, names: Iterable[str]) -> str | None:
        """Return the file's own spelling of the first of ``names`` it has."""
        own = {str(column).lower(): str(column) for column in self.cells.columns}
        return next((own[name] for name in names if name in own), None)

    def numbers(self, column: str) -> Array:
        """Return a column as numbers, shape (n,)."""
        return _numbers(self.path, self.cells[column], len(self.comments))

    def label(self) -> Array | None:
        """Return the label, above 0 where faulty, shape (n,); None if the file has none."""
        column = self.column(LABEL_COLUMNS)
        return None if column is None else np.nan_to_num(self.numbers(column))


def read(path: Path, *, limit_rows: int | None = None) -> Recording:
    """Read a session file, or its first ``limit_rows`` rows.

    Raises:
        SimulatorError: If the file cannot be read as a session.
    """
    separator = ","
    if path.suffix == parquet.SUFFIX:
        comments, cells = parquet.read(path, limit_rows)
    else:
        comments, header = _head(path)
        separator = ";" if header.count(";") > header.count(",") else ","
        cells = _table(path, separator, len(comments), limit_rows)
    features = {
        column: _numbers(path, cells[column], len(comments))
        for column in cells.columns
        if column.lower() not in NOT_FEATURES
    }
    if not features:
        raise SimulatorError(f"{path}: no feature column; found {', '.join(cells.columns)}")
    ts = _times(path, cells, len(comments))
    return Recording(path, tuple(comments), separator, cells, ts, features)


def write(path: Path, *, comments: Iterable[str], cells: pd.DataFrame, separator: str) -> None:
    """Write a table as a session file; the file appears complete or not at all."""
    with replacing(path) as file:
        file.writelines(f"{line}\n" for line in comments)
        cells.to_csv(file, sep=separator, index=False, lineterminator="\n")


def write_samples(
    path: Path,
    *,
    comments: Iterable[str],
    samples: Samples,
    label: Array,
    channels: Iterable[str] = (),
    bursts: Bursts | None = None,
) -> None:
    """Write simulated samples (ts as seconds since 1970) with their 0/1 labels, shape (n,).

    Acceleration and speed are always there; ``channels`` names what else of ``Samples``. With
    ``bursts`` only what lies in them, each a session of its own.
    """
    acc = dict(zip(FEATURES, samples.acc.T, strict=True))
    others = {name: getattr(samples, name) for name in channels}
    columns = {"ts": samples.ts, **acc, "rpm": samples.rpm, **others, "label": label}
    if bursts is not None:
        columns["session"] = bursts.number(samples.ts - samples.ts[0])
        heard = ~np.isnan(columns["session"])
        columns = {name: column[heard] for name, column in columns.items()}
    write_as = parquet.write_columns if path.suffix == parquet.SUFFIX else write_columns
    write_as(path, comments=comments, columns=columns)


def write_columns(path: Path, *, comments: Iterable[str], columns: dict[str, Array]) -> None:
    """Write columns of shape (n,) each; a missing value is an empty cell."""
    formats = [FORMATS.get(name, "{:.7f}") for name in columns]
    if np.diff(columns["ts"]).min(initial=1.0) < FAST_S:
        formats[list(columns).index("ts")] = "{:.7f}"
    plain = ",".join(formats) + "\n"
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    with replacing(path) as file:
        file.writelines(f"# {line}\n" for line in comments)
        file.write(f"{','.join(columns)}\n")
        file.writelines(plain.format(*row).replace("nan", "") for row in rows)


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Open a file that takes the name ``path`` only when it has been written to the end.

    Raises:
        SimulatorError: If the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise SimulatorError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)


def _head(path: Path) -> tuple[list[str], str]:
    """Return the comment lines and the line of column names."""
    comments: list[str] = []
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line in file:
                if not line.startswith("#"):
                    return comments, line
                comments.append(line.rstrip("\r\n"))
    except OSError as error:
        raise SimulatorError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SimulatorError(f"{path}: not a text file; allowed: CSV in UTF-8") from error
    raise SimulatorError(f"{path}: empty; allowed: CSV with a line of column names and data")


def _table(path: Path, separator: str, skip: int, rows: int | None) -> pd.DataFrame:
    try:
        cells = pd.read_csv(
            path,
            sep=separator,
            skiprows=skip,
            nrows=rows,
            dtype=str,
            keep_default_na=False,
            index_col=False,
            encoding="utf-8-sig",
            quoting=csv.QUOTE_MINIMAL,
        )
    except (ValueError, OSError) as error:  # ParserError and EmptyDataError are ValueErrors
        reason = " ".join(str(error).split())
        raise SimulatorError(f"{path}: not a CSV table ({reason})") from error
    if cells.empty:
        raise SimulatorError(f"{path}: column names but no data rows")
    return cells.rename(columns=lambda column: str(column).strip())


def _times(path: Path, cells: pd.DataFrame, skip: int) -> Array:
    own = {column.lower(): column for column in cells.columns}
    name = next((own[column] for column in TIME_COLUMNS if column in own), None)
    if name is None:
        found = ", ".join(cells.columns)
        raise SimulatorError(
            f"{path}: no time column; found {found}; allowed: {', '.join(TIME_COLUMNS)}"
        )
    seconds = pd.to_numeric(cells[name], errors="coerce")
    if seconds.isna().any():
        stamps = pd.to_datetime(cells[name], errors="coerce", utc=True, format="ISO8601")
        seconds = (stamps - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    ts: Array = seconds.to_numpy(np.float64)
    bad = np.flatnonzero(~np.isfinite(ts))
    if len(bad):
        where = f"line {bad[0] + skip + 2}, column {name}"
        found = cells[name].iloc[bad[0]]
        raise SimulatorError(f"{path}: {where}: {found!r}; allowed: seconds or ISO 8601")
    return ts


def _numbers(path: Path, column: pd.Series, skip: int) -> Array:
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(column.to_numpy(np.float64))
    text = column.str.strip()
    numbers: Array = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    empty = text.str.lower().isin(("", "nan", "null")).to_numpy()
    bad = np.flatnonzero(~np.isfinite(numbers) & ~empty)
    if len(bad):
        where = f"line {bad[0] + skip + 2}, column {column.name}"
        raise SimulatorError(
            f"{path}: {where}: {column.iloc[bad[0]]!r}; allowed: a finite number, or empty"
        )
    return numbers


def as_cell(value: float) -> str:
    """Write a number the way session files do; missing is an empty cell."""
    return "" if math.isnan(value) else f"{value:.9g}"


def as_times(old: Iterable[str], ts: Array) -> list[str]:
    """Write times in the form of the cells they replace: seconds, or ISO 8601 (in UTC)."""
    return [_as_time(text.strip(), seconds) for text, seconds in zip(old, ts, strict=True)]


def _as_time(old: str, seconds: float) -> str:
    try:
        float(old)
    except ValueError:
        between = old[10:11] if old[10:11] in ("T", " ") else "T"
        zone = "+00:00" if old.endswith("Z") or set(old[11:]) & set("+-") else ""
        stamp = pd.Timestamp(round(seconds * 1e6), unit="us")
        return f"{stamp.isoformat(sep=between)}{zone}"
    return f"{seconds:.6f}"
