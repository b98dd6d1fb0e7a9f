"""Flight records: what a device sent and what was said of it around one alarm, one Parquet file.

``pandas.read_parquet(path)`` opens one; its ``attrs`` hold what is known of the alarm.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet

from detector.errors import StoreError
from detector.records import Alarm, Flags, Times, Values
from detector.store.archive.place import place_at, shown

FOLDER = "_flights"  # left out by what reads the archive as one table
WAVEFORM = ".waveform.parquet"  # ends the name of the raw waveform beside a record
KEY = b"faultline"  # of what is known of the alarm, in the metadata of the file
ATTRIBUTES = b"PANDAS_ATTRS"  # the same where pandas looks for it
BEFORE, AFTER = ("ts", "session"), ("score", "mse", "threshold", "judged", "anomaly")
# What is raised for a file that is no Parquet, is cut off, or is of something else.
BROKEN = (pa.ArrowException, msgspec.MsgspecError, OSError, KeyError, ValueError)


@dataclass(frozen=True, slots=True)
class FlightNote:
    """What is known of the alarm, and which times its record has.

    Attributes:
        alarm: Its number in the store.
        device: Name of the machine.
        kind: What raised it.
        model: Name of the bundle.
        threshold: In force when it was raised.
        contributions: Share per feature at the peak.
        start: Sample time of the first anomaly that led to it.
        end: Sample time at which it cleared; None: not yet, when this was written.
        peak_score: The largest.
        peak: Sample time of the largest judged score that is recorded; None: none is.
        until: Up to which sample time the device was looked at.
        spans: First and last time of each stretch that is kept.
        features: Names of the F columns.
    """

    alarm: int
    device: str
    kind: str
    model: str
    threshold: float
    contributions: dict[str, float]
    start: float
    end: float | None
    peak_score: float
    peak: float | None
    until: float
    spans: tuple[tuple[float, float], ...]
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flight:
    """The samples of n moments with all that scoring said of them; see ``Frame``.

    Attributes:
        note: On the alarm.
        ts: Shape (n,), device clock.
        session: One name per sample.
        values: Shape (n, F).
        reconstruction: Shape (n, F).
        score: Shape (n,).
        mse: Shape (n,).
        threshold: Shape (n,), float64.
        judged: Shape (n,).
    """

    note: FlightNote
    ts: Times
    session: tuple[str, ...]
    values: Values
    reconstruction: Values
    score: Values
    mse: Values
    threshold: Times
    judged: Flags

    @property
    def error(self) -> Values:
        """Shape (n, F), how far the reconstruction is off, in each feature's own unit."""
        error: Values = np.abs(self.values - self.reconstruction)
        return error

    @property
    def anomaly(self) -> Flags:
        """Shape (n,), True where a judged sample's score is above the threshold."""
        with np.errstate(invalid="ignore"):
            return self.judged & (self.score > self.threshold.astype(self.score.dtype))


def read(place: str, alarm: int) -> Flight:
    """The flight record of an alarm.

    Args:
        place: See ``archive_place``.
        alarm: Its number in the store.

    Raises:
        StoreError: If there is none, or its file is damaged.
    """
    found = find(place, alarm)
    if found is None:
        raise StoreError(f"flight record of alarm {alarm}: none in {shown(place)}/{FOLDER}")
    return found


def find(place: str, alarm: int) -> Flight | None:
    """The flight record of an alarm; None: there is none.

    Raises:
        StoreError: If its file is damaged, or the place cannot be read.
    """
    path = path_of(alarm)
    try:
        content = place_at(place).read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refusal(place, path, "read", error) from None
    try:
        return flight_of(pa.parquet.read_table(io.BytesIO(content)))
    except BROKEN as error:
        raise _refusal(place, path, "read", error) from None


def write(place: str, flight: Flight) -> None:
    """Write a flight record in place of an earlier one; there is a whole file or none.

    Raises:
        StoreError: If it cannot be written.
    """
    content, path = io.BytesIO(), path_of(flight.note.alarm)
    pa.parquet.write_table(table_of(flight), content, compression="zstd")
    try:
        place_at(place).write(path, content.getvalue())
    except OSError as error:
        raise _refusal(place, path, "written", error) from None


def remove(place: str, alarm: int) -> None:
    """Remove the flight record of an alarm and the waveform beside it, if there are any."""
    files, path = place_at(place), path_of(alarm)
    for one in (path, path.replace(".parquet", WAVEFORM)):
        files.delete(one)


def set_aside(place: str, flight: Flight) -> str:
    """Give a record that is of another store's alarm another name; returns it."""
    files, path = place_at(place), path_of(flight.note.alarm)
    aside = path.replace(".parquet", f".other-{flight.note.start:.0f}.parquet")
    files.write(aside, files.read(path))
    files.delete(path)
    return aside.removeprefix(f"{FOLDER}/")


def is_of(flight: Flight, alarm: Alarm) -> bool:
    """Whether a record is of this alarm; of another store it may have the same number."""
    return (flight.note.device, flight.note.start) == (alarm.device, alarm.start)


def name_of(alarm: int) -> str:
    """Of the file."""
    return f"alarm-{alarm:06}.parquet"


def path_of(alarm: int) -> str:
    """Of the file below the archive."""
    return f"{FOLDER}/{name_of(alarm)}"


def table_of(flight: Flight) -> pa.Table:
    """One row per sample; the columns of ``export`` with errors and what was judged."""
    wide = (flight.values, flight.reconstruction, flight.error)
    columns: list[Any] = [flight.ts, pa.array(flight.session, pa.string())]
    columns += [
        pa.array(each[:, i], from_pandas=True) for each in wide for i in range(each.shape[1])
    ]
    columns += [pa.array(each, from_pandas=True) for each in (flight.score, flight.mse)]
    columns += [flight.threshold, flight.judged, flight.anomaly.astype(np.int8)]
    note = msgspec.json.encode(flight.note)
    table = pa.table(columns, names=column_names(flight.note.features))
    return table.replace_schema_metadata({KEY: note, ATTRIBUTES: note})


def flight_of(table: pa.Table) -> Flight:
    """The flight record of a table from ``table_of``."""
    note = msgspec.json.decode(table.schema.metadata[KEY], type=FlightNote)
    if table.column_names != column_names(note.features):
        raise ValueError("its columns are not those of a flight record")
    count, first = len(note.features), len(BEFORE)
    values = _wide(table, first, count)
    score, mse, threshold, judged = (_numbers(table, name) for name in AFTER[:4])
    return Flight(
        note, _numbers(table, "ts"), tuple(table["session"].to_pylist()), values,
        _wide(table, first + count, count), score, mse, threshold, judged,
    )  # fmt: skip


def column_names(features: tuple[str, ...]) -> list[str]:
    """Of the columns of a table; a feature with a name that is taken is told apart."""
    kinds = ("", "_reconstruction", "_error")
    taken, names = {*BEFORE, *AFTER}, []
    for kind in kinds:
        for feature in features:
            name = f"{feature}{kind}"
            while name in taken:
                name = f"{name}_value"
            taken.add(name)
            names.append(name)
    return [*BEFORE, *names, *AFTER]


def _wide(table: pa.Table, first: int, count: int) -> Values:
    columns = [table.column(first + i).to_numpy() for i in range(count)]
    return np.stack(columns, axis=1) if columns else np.empty((len(table), 0), np.float32)


def _numbers(table: pa.Table, name: str) -> Any:  # noqa: ANN401 -- of the column's own kind
    return table[name].to_numpy()


def _refusal(place: str, path: str, what: str, error: Exception) -> StoreError:
    return StoreError(f"flight record {shown(place)}/{path}: cannot be {what}: {_reason(error)}")


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).partition("\n")[0]
