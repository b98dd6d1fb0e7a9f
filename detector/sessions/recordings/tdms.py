"""TDMS files of LabVIEW: groups of channels with their own rate, start and unit.

Read channel by channel in the file's own chunks. An index file beside it is not used: it may not
belong to it.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from nptdms import ChannelDataChunk, TdmsChannel, TdmsFile, TdmsGroup

from detector.sessions.recordings.channels.channel import Array, Channel, Scope
from detector.sessions.recordings.channels.grouping import tables_of
from detector.sessions.recordings.channels.refusals import guarded
from detector.sessions.recordings.channels.told import SECONDS, moment, rate_told
from detector.sessions.recordings.contract import Hints, Source, Table

logging.getLogger("nptdms").setLevel(logging.ERROR)  # what was cut off is told as a note
UNITS = ("unit_string", "NI_UnitDescription", "unit", "Unit", "units")


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """The tables of a TDMS file: one for each group and rate.

    Args:
        source: The file.
        hints: Rate and rows.

    Raises:
        SessionFileError: If it is broken or holds no numbers that could be samples.
    """
    return guarded(_read(source, hints), source, "TDMS")


def _read(source: Source, hints: Hints) -> Iterator[Table]:
    file = source.open()
    try:
        tdms = TdmsFile.open(_WithinFile(file))
    except BaseException:
        file.close()
        raise
    weakref.finalize(tdms, file.close)
    top = Scope(rate_hz=_rate(tdms.properties)[0], first=_start(tdms.properties))
    scopes = [_scope(group, top, tdms) for group in tdms.groups()]
    if tdms.file_status.incomplete_final_segment:
        top.notes.append("cut off: the last segment is not whole")
    yield from tables_of(scopes, source.name, hints)


def _missing(tdms: TdmsFile) -> dict[str, int]:
    """Values missing at the end of a file that was cut off, by the channel's path."""
    statuses = tdms.file_status.channel_statuses or {}
    return {path: s.expected_length - s.read_length for path, s in statuses.items()}


def _scope(group: TdmsGroup, top: Scope, tdms: TdmsFile) -> Scope:
    rate, said = _rate(group.properties)
    scope = Scope(group.name, rate_hz=rate, first=_start(group.properties), parent=top)
    scope.notes += [f"{group.name}: {said}"] if said else []
    missing, channels = _missing(tdms), []
    for channel in group.channels():
        if why := _no_signal(channel):
            scope.left_out[scope.path_of(channel.name)] = why
        else:
            channels.append((_channel(channel, tdms), len(channel) + missing.get(channel.path, 0)))
    scope.channels = _cut_alike(channels)
    return scope


def _cut_alike(channels: list[tuple[Channel, int]]) -> list[Channel]:
    """Channels of one length before the file was cut off have one length after it."""
    shortest: dict[int, int] = {}
    for channel, told in channels:
        shortest[told] = min(channel.length, shortest.get(told, channel.length))
    return [replace(channel, length=shortest[told]) for channel, told in channels]


def _no_signal(channel: TdmsChannel) -> str:
    if not len(channel):
        return "empty"
    if (x_unit := _x_unit(channel)) not in SECONDS:
        return f"its x axis is in {x_unit}"
    if channel.dtype.kind == "V":
        return "values without a type"
    return "complex numbers" if channel.dtype.kind == "c" else ""


def _x_unit(channel: TdmsChannel) -> str:
    return str(channel.properties.get("wf_xunit_string") or "").strip().lower() or "s"


def _channel(channel: TdmsChannel, tdms: TdmsFile) -> Channel:
    step = channel.properties.get("wf_increment")
    spaced = isinstance(step, int | float | np.number) and np.isfinite(step) and step > 0
    rate = 1 / (float(step) * SECONDS[_x_unit(channel)]) if spaced else _rate(channel.properties)[0]
    found = (channel.properties.get(name) for name in UNITS)
    unit = next((word.strip() for word in found if isinstance(word, str)), "")
    rows = _Rows(channel, tdms)
    return Channel(channel.name, len(channel), rows.read, unit, rate, _first(channel))


def _first(channel: TdmsChannel) -> float | None:
    start = moment(channel.properties.get("wf_start_time"))
    offset = channel.properties.get("wf_start_offset", 0.0)
    shift = float(offset) if isinstance(offset, int | float | np.number) else 0.0
    return None if start is None or start <= 0 else start + shift


def _rate(properties: dict[str, Any]) -> tuple[float | None, str]:
    numbers = {k: float(v) for k, v in properties.items() if isinstance(v, int | float | np.number)}
    return rate_told(numbers)


def _start(properties: dict[str, Any]) -> float | None:
    return moment(properties.get("StartTime", properties.get("Start Time")))


class _WithinFile:
    """A file that is asked for no more bytes than it has, however long a broken length says."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._size = file, file.seek(0, os.SEEK_END)
        self.seek, self.tell, self.close = file.seek, file.tell, file.close
        self.readinto: Callable[[Any], int] = file.readinto  # type: ignore[attr-defined]
        self.seek(0)

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes from where it stands."""
        return self._file.read(max(0, min(size, self._size - self.tell())))


class _Rows:
    """Values of a channel in order: each of the file's chunks is read once.

    Args:
        channel: The channel.
        tdms: Its file, which is open as long as anything refers to it.
    """

    def __init__(self, channel: TdmsChannel, tdms: TdmsFile) -> None:
        self._channel, self._tdms = channel, tdms
        self._chunks: Iterator[ChannelDataChunk] = iter(())
        self._held: Array = np.empty(0, channel.dtype)
        self._passed = -1  # rows before those held; -1: the reading has not begun

    def read(self, start: int, end: int) -> Array:
        """Rows from ``start`` to ``end``; from the beginning again where they were passed."""
        if not 0 <= self._passed <= start:
            self._restart()
        parts, rows = [self._held], len(self._held)
        while self._passed + rows < end:
            parts.append(self._next())
            rows += len(parts[-1])
        values, before = np.concatenate(parts), self._passed
        self._held, self._passed = values[end - before :], end
        return values[start - before : end - before]

    def _restart(self) -> None:
        self._chunks = self._channel.data_chunks()
        self._held, self._passed = np.empty(0, self._channel.dtype), 0

    def _next(self) -> Array:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise EOFError(f"{self._channel.name} ends before its {len(self._channel)} values")
        values = np.asarray(chunk[:])
        return np.asarray(values, object) if values.dtype.kind in "SU" else values
