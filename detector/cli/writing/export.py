"""``export``: a device's stored samples and scores as a file, in the columns that ``score`` has.

Or those around one alarm.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

import numpy as np
from tqdm import tqdm

from detector.cli.writing.export_every import write_every
from detector.cli.writing.outputs import refuse_out, replacing
from detector.errors import ExportError
from detector.giving_way import give_way
from detector.records import Frame
from detector.settings.load import load_settings
from detector.store import devices
from detector.store.archive.place import Place, place_at
from detector.store.archive.reading import LostHour, between
from detector.store.connecting import at_one_moment
from detector.store.history import reading
from detector.store.history.rollups import TIERS
from detector.store.places import archive_place
from detector.store.schema import Connection, Engine, open_store
from detector.text import counted

ROWS = 50_000  # about, written at once
AT_ONCE = 200_000  # about, samples read of one moment
SLOW_S = 1.0  # after which progress shows
NICE = 19  # the detector on the same computer goes first


def export(args: argparse.Namespace) -> str:
    """Write what is stored of a device, or around an alarm.

    Raises:
        ExportError: If the device, the alarm, the time or the file cannot be used.
        SettingsError: If the settings are refused.
        StoreError: If the store cannot be opened.
    """
    refuse_out(args.out, is_forced=args.force)
    if args.alarm is not None:
        from detector.cli.writing.export_alarm import export_alarm

        return export_alarm(args)
    start, end = _moment(args.start, -math.inf, "--start"), _moment(args.end, math.inf, "--end")
    if start >= end:
        given = f"--start {args.start}, --end {args.end}"
        raise ExportError(f"{given}: nothing lies between, allowed: a start before the end")
    settings = load_settings(args.settings).store
    store = open_store(settings.url, must_exist=True)
    place = place_at(archive_place(store, settings.archive))
    with store.connect() as connection:
        at_one_moment(connection)
        first, newest = _held(connection, args, start, end)
        if args.every:
            newest = math.nextafter(newest, math.inf)  # the newest sample itself is in it
            span = max(start, first), min(end, newest)
            return write_every(connection, args.out, args.device, args.every, *span)
        names, count = reading.full_features_between(connection, args.device, start, end)
    span = max(start, first), min(end, math.nextafter(newest, math.inf))
    found = _in_parts(store, place, args.device, span, max(1.0, count / AT_ONCE))
    return _write(args.out, names, count, found)


def _in_parts(
    store: Engine, place: Place, device: str, span: tuple[float, float], parts: float
) -> Iterator[tuple[Frame, slice]]:
    """All of a time, each part of it of one moment.

    While somebody reads, what is written to an SQLite store waits in its log, which grows.

    Raises:
        ExportError: If a part was deleted before its turn.
    """
    first, end = span
    edges = [*np.linspace(first, end, math.ceil(parts) + 1).tolist()]
    if parts > 1:
        give_way(NICE)
    for start, until in pairwise(edges):
        with store.connect() as connection:
            at_one_moment(connection)
            held = reading.full_extent(connection, device)
            oldest = math.inf if held is None else held[0]
            if oldest > max(first, start):
                raise ExportError(
                    f"{device}: samples before {_iso(oldest)} were deleted meanwhile, allowed: "
                    f"--start {_iso(oldest)}"
                )
            found = list(between(connection, place, device, start, until, _refuse_lost))
        yield from _cut(iter(found), start, until)


def _refuse_lost(hour: LostHour) -> None:
    """A file with a hole that nobody asked for would be taken for the whole."""
    allowed = f"--end {_iso(hour.start)}, --start {_iso(hour.end + 1)}, or --every 1s for all of it"
    raise ExportError(f"archive {hour.reason}, allowed: {allowed}")


def _moment(text: str | None, otherwise: float, option: str) -> float:
    if text is None:
        return otherwise
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        allowed = "ISO 8601, for example 2026-03-01T12:00 (UTC) or 2026-03-01T12:00+09:00"
        raise ExportError(f"{option} {text}: no time, allowed: {allowed}") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _held(
    connection: Connection, args: argparse.Namespace, start: float, end: float
) -> tuple[float, float]:
    """First and newest time that can be exported.

    Raises:
        ExportError: If there is none, or none of it is asked for.
    """
    told = reading.extent(connection, args.device)
    if told is None:
        raise _unknown(connection, args.device)
    held = told if args.every else reading.full_extent(connection, args.device)
    if held is None:
        raise ExportError(
            f"--device {args.device}: no single samples any more, allowed: --every "
            + ", ".join(TIERS)
        )
    first, newest = held
    if newest < start or first >= end:
        raise ExportError(
            f"{args.device}: no samples from {_iso(start)} to {_iso(end)}, allowed: "
            f"{_iso(first)} to {_iso(newest)}"
        )
    return held


def _unknown(connection: Connection, device: str) -> ExportError:
    known = [status.device for status in devices.every(connection)]
    near = get_close_matches(device, known, 3) or sorted(known)[:8]
    allowed = f"{', '.join(near)}{' …' if len(known) > len(near) else ''}" if near else "none yet"
    return ExportError(f"--device {device}: no samples in the store, allowed: {allowed}")


def _iso(seconds: float) -> str:
    if math.isinf(seconds):
        return "the first" if seconds < 0 else "the newest"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _cut(found: Iterator[Frame], start: float, end: float) -> Iterator[tuple[Frame, slice]]:
    """Frames with their samples from ``start`` to before ``end``."""
    for frame in found:
        first, last = (int(at) for at in frame.ts.searchsorted((start, end)))
        if first < last:
            yield frame, slice(first, last)


def _write(
    out: Path, names: tuple[str, ...], count: int, found: Iterator[tuple[Frame, slice]]
) -> str:
    with replacing(out) as unfinished:
        told = _write_all(unfinished, out.suffix, names, count, found)
    return f"written: {out}, {told}"


def _write_all(
    path: Path,
    suffix: str,
    names: tuple[str, ...],
    count: int,
    found: Iterator[tuple[Frame, slice]],
) -> str:
    from detector.cli.writing.export_tables import Rows, schema_of, writer_for

    rows = Rows(schema_of(names), names)
    writer = writer_for(suffix, path, rows.schema)
    sessions: dict[str, None] = {}
    bar = tqdm(total=count, unit="sample", unit_scale=True, leave=False, delay=SLOW_S,
               disable=not sys.stderr.isatty())  # fmt: skip
    try:
        for frame, part in found:
            rows.add(frame, part)
            sessions[frame.session] = None
            bar.update(part.stop - part.start)
            if len(rows) >= ROWS:
                writer.write(rows.taken())
        if len(rows):
            writer.write(rows.taken())
    finally:
        bar.close()
        writer.close()
    return (
        f"{counted(rows.count, 'sample')} in {counted(len(sessions), 'session')}, "
        f"{counted(len(names), 'feature')}"
    )
