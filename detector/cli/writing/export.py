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
from pathlib import Path

from tqdm import tqdm

from detector.cli.writing.outputs import refuse_out, replacing
from detector.errors import ExportError
from detector.records import Frame
from detector.settings.load import load_settings
from detector.store import devices, frames
from detector.store.schema import Connection, open_store
from detector.text import counted

ROWS = 50_000  # about, written at once
SLOW_S = 1.0  # after which progress shows


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
    with open_store(load_settings(args.settings).store.url).connect() as connection:
        _refuse_nothing(connection, args.device, start, end)
        names, count = frames.features_between(connection, args.device, start, end)
        found = frames.stream_between(connection, args.device, start, end)
        return _write(args.out, names, count, _cut(found, start, end))


def _moment(text: str | None, otherwise: float, option: str) -> float:
    if text is None:
        return otherwise
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        allowed = "ISO 8601, for example 2026-03-01T12:00 (UTC) or 2026-03-01T12:00+09:00"
        raise ExportError(f"{option} {text}: no time, allowed: {allowed}") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _refuse_nothing(connection: Connection, device: str, start: float, end: float) -> None:
    extent = frames.extent(connection, device)
    if extent is None:
        known = [status.device for status in devices.every(connection)]
        near = get_close_matches(device, known, 3) or sorted(known)[:8]
        allowed = (
            f"{', '.join(near)}{' …' if len(known) > len(near) else ''}" if near else "none yet"
        )
        raise ExportError(f"--device {device}: no samples in the store, allowed: {allowed}")
    first, newest = extent
    if newest < start or first >= end:
        raise ExportError(
            f"{device}: no samples from {_iso(start)} to {_iso(end)}, allowed: "
            f"{_iso(first)} to {_iso(newest)}"
        )


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
