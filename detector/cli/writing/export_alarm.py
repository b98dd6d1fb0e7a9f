"""``export --alarm``: the flight record of an alarm, or what the store still has of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from detector.cli.writing.outputs import replacing
from detector.errors import ExportError, StoreError
from detector.flights.gathering import gathered
from detector.records import Alarm
from detector.settings.load import load_settings
from detector.store import alarms, devices
from detector.store.archive import flights, waveforms
from detector.store.archive.flights import Flight
from detector.store.places import archive_place
from detector.store.schema import Engine, open_store
from detector.text import counted


def export_alarm(args: argparse.Namespace) -> str:
    """Write all that is kept around one alarm.

    Raises:
        ExportError: If there is no such alarm, nothing of it is left, or the file cannot be
            written.
        SettingsError: If the settings are refused.
        StoreError: If the store cannot be opened, or the record is damaged and nothing else left.
    """
    if args.start or args.end:
        raise ExportError("--start, --end: found with --alarm, allowed: with --device")
    settings = load_settings(args.settings).store
    store = open_store(settings.url)
    alarm = _alarm(store, args.alarm)
    place = archive_place(store, settings.archive)
    flight, source = _flight(store, place, alarm)
    _write(flight, args.out)
    return (
        f"written: {args.out}, {counted(len(flight.ts), 'sample')} around alarm {alarm.id} of "
        f"{alarm.device}, {source}{_waveform(place, alarm)}"
    )


def _waveform(place: str, alarm: Alarm) -> str:
    """Where its raw waveform is, if one was kept."""
    found = waveforms.around(place, alarm)
    if found is None:
        return ""
    path = f"{place}/{waveforms.of_alarm(alarm.id or 0)}"
    return f"; {counted(len(found.ts), 'sample')} of raw waveform in {path}"


def _alarm(store: Engine, number: int) -> Alarm:
    with store.connect() as connection:
        found, newest = alarms.one(connection, number), alarms.listed(connection, limit=1)
    if found is None:
        allowed = f"1 to {newest[0].id}" if newest else "none yet"
        raise ExportError(f"--alarm {number}: no such alarm, allowed: {allowed}")
    return found


def _flight(store: Engine, place: str, alarm: Alarm) -> tuple[Flight, str]:
    """The record with what came since it was written, and where it is from."""
    assert alarm.id is not None
    damage, record = None, None
    try:
        record = flights.find(place, alarm.id)
    except StoreError as error:
        damage = error
    if record is not None and not flights.is_of(record, alarm):
        record = None  # of another store
    if record is not None and record.note.end is not None:
        return record, "from its flight record"
    with store.connect() as connection:
        status = devices.one(connection, alarm.device)
    newest = None if status is None else status.last_ts
    flight, _ = gathered(store, place, alarm, record, newest=newest)
    if not len(flight.ts):
        raise damage or ExportError(
            f"--alarm {alarm.id}: no flight record in {place}, and its samples are not in the "
            "store any more, allowed: an alarm with a record (`faultline alarms`)"
        )
    return flight, "from the store" if record is None else "from its flight record so far"


def _write(flight: Flight, out: Path) -> None:
    import pyarrow.csv
    import pyarrow.parquet

    table = flights.table_of(flight)
    with replacing(out) as path:
        if out.suffix == ".parquet":
            pyarrow.parquet.write_table(table, path, compression="zstd")
        else:
            pyarrow.csv.write_csv(table, path)
