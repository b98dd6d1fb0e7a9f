"""Raw waveforms beside flight records and on request: one Parquet file each.

``pandas.read_parquet(path)`` opens one; its ``attrs`` hold what is known of it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet

from detector.errors import StoreError
from detector.records import Alarm, Times, Values
from detector.store.archive.flights import ATTRIBUTES, BROKEN, KEY, WAVEFORM, path_of
from detector.store.archive.place import place_at


@dataclass(frozen=True, slots=True)
class WaveformNote:
    """What is known of a waveform.

    Attributes:
        device: Name of the machine.
        features: Names of the F columns.
        inputs: Those that are heard, the first of them; the others are the speed and the like.
        units: One per feature, empty where unknown.
        rate_hz: Samples a second.
        speed: The feature that is the speed, 1/min; None: none is.
        rpm: Nominal speed; None: not known.
        orders: Of its parts by name, see ``orders_of``.
        envelope_hz: Bands whose envelope is looked at.
        velocity_hz: Band of the velocity.
        machine_class: For zones of a velocity; None: not known.
        alarm_start: Sample time of the alarm that it was kept around; None: somebody asked for it.
    """

    device: str
    features: tuple[str, ...]
    inputs: tuple[str, ...]
    units: tuple[str, ...]
    rate_hz: float
    speed: str | None = None
    rpm: float | None = None
    orders: dict[str, float] = field(default_factory=dict)
    envelope_hz: tuple[tuple[float, float], ...] = ()
    velocity_hz: tuple[float, float] = (10.0, 1000.0)
    machine_class: str | None = None
    alarm_start: float | None = None


@dataclass(frozen=True, slots=True)
class Waveform:
    """n samples, bursts one after the other.

    Attributes:
        note: What is known of it.
        ts: Shape (n,), device clock.
        values: Shape (n, F).
    """

    note: WaveformNote
    ts: Times
    values: Values


def of_alarm(alarm: int) -> str:
    """Path below the archive of the waveform around an alarm."""
    return path_of(alarm).replace(".parquet", WAVEFORM)


def of_device(device: str) -> str:
    """Path of the newest waveform of a device that somebody asked for."""
    return f"_waveforms/{quote(device, safe='')}.parquet"


def around(place: str, alarm: Alarm) -> Waveform | None:
    """What was kept around an alarm; None: nothing, or it is of another store's alarm.

    Raises:
        StoreError: As ``find``.
    """
    found = find(place, of_alarm(alarm.id or 0))
    if found is None:
        return None
    is_of = (found.note.device, found.note.alarm_start) == (alarm.device, alarm.start)
    return found if is_of else None


def write(place: str, path: str, waveform: Waveform) -> None:
    """Write a waveform in place of an earlier one; there is a whole file or none.

    Raises:
        StoreError: If it cannot be written.
    """
    note, content = msgspec.json.encode(waveform.note), io.BytesIO()
    columns = [waveform.ts, *waveform.values.T]
    table = pa.table(columns, names=["ts", *waveform.note.features])
    table = table.replace_schema_metadata({KEY: note, ATTRIBUTES: note})
    pa.parquet.write_table(table, content, compression="zstd")
    try:
        place_at(place).write(path, content.getvalue())
    except OSError as error:
        raise _refusal(place, path, "written", error) from None


def find(place: str, path: str) -> Waveform | None:
    """A waveform; None: there is none.

    Raises:
        StoreError: If its file is damaged, or the place cannot be read.
    """
    try:
        table = pa.parquet.read_table(io.BytesIO(place_at(place).read(path)))
        note = msgspec.json.decode(table.schema.metadata[KEY], type=WaveformNote)
        ts = table["ts"].to_numpy()
        values = np.stack([table[name].to_numpy() for name in note.features], axis=1)
    except FileNotFoundError:
        return None
    except BROKEN as error:
        raise _refusal(place, path, "read", error) from None
    return Waveform(note, ts, values)


def _refusal(place: str, path: str, what: str, error: Exception) -> StoreError:
    reason = (getattr(error, "strerror", None) or str(error)).partition("\n")[0]
    return StoreError(f"waveform {place}/{path}: cannot be {what}: {reason}")
