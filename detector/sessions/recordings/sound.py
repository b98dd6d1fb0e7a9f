"""Sound files: WAV (with its 64-bit forms), FLAC, AIFF, read block by block.

Whole numbers are given as shares of the full scale, as sound is; a calibration is not in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

import pandas as pd
import soundfile

from detector.errors import SessionFileError
from detector.sessions.recordings.channels.refusals import guarded
from detector.sessions.recordings.channels.told import moment
from detector.sessions.recordings.contract import Hints, Source, Table

BLOCK_ROWS = 100_000
BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
AS_STORED = ("FLOAT", "DOUBLE")
MOST_CHUNKS = 10_000
UNSIZED = 0xFFFFFFFF  # the size of a chunk that stands elsewhere (RF64) or is not known (a pipe)


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """The one table of a sound file.

    Args:
        source: The file.
        hints: Names of the channels (else ``ch1``, ``ch2``, …) and rows.

    Raises:
        SessionFileError: If it is broken or has other channels than named.
    """
    return guarded(_read(source, hints), source, "sound")


def _read(source: Source, hints: Hints) -> Iterator[Table]:
    with soundfile.SoundFile(str(source.path)) as sound:
        names = _names(sound.channels, source, hints)
        table = Table(iter(()), rate_hz=float(sound.samplerate), notes=[_scale(sound)])
        if not sound.frames:
            raise SessionFileError(f"{source.name}: no samples; allowed: a sound file with samples")
    table.first = _first(source, table)
    table.notes += _shortened(source)
    table.chunks = _rows(source, names, hints.limit_rows, table)
    yield table


def _names(channels: int, source: Source, hints: Hints) -> list[str]:
    names = hints.columns or tuple(f"ch{k + 1}" for k in range(channels))
    if len(names) != channels:
        raise SessionFileError(
            f"{source.name}: {channels} channels, but {len(names)} names ({', '.join(names)}); "
            "allowed: one name a channel"
        )
    return list(names)


def _scale(sound: soundfile.SoundFile) -> str:
    if sound.subtype in AS_STORED:
        return f"{sound.format}, floating point, as stored"
    if sound.subtype in BITS:
        bits = BITS[sound.subtype]
        full = 1 << bits - 1
        return f"{sound.format}, {bits} bit, as shares of the full scale: 1 is {full} steps"
    return f"{sound.format}, packed with loss ({sound.subtype}), as shares of the full scale"


def _rows(
    source: Source, names: list[str], limit: int | None, table: Table
) -> Iterator[pd.DataFrame]:
    with soundfile.SoundFile(str(source.path)) as sound:
        told = left = sound.frames if limit is None else min(limit, sound.frames)
        while left > 0:
            block = sound.read(min(left, BLOCK_ROWS), dtype="float64", always_2d=True)
            if not len(block):
                table.notes.append(f"{told} samples told, {told - left} there: cut off")
                return
            left -= len(block)
            yield pd.DataFrame(block, columns=names)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and size of each chunk of a RIFF file."""
    if file.read(4) not in (b"RIFF", b"RF64"):
        return
    place = 12
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return
        size = struct.unpack("<I", head[4:])[0]
        yield head[:4], place + 8, size
        place += 8 + size + size % 2


def _shortened(source: Source) -> list[str]:
    """What to say of a file whose samples end before its header says."""
    with source.open() as file:
        for name, place, size in _chunks(file):
            if name == b"data" and size != UNSIZED and source.size is not None:
                there = source.size - place
                return [f"cut off: {size} bytes told, {there} there"] if there < size else []
    return []


def _first(source: Source, table: Table) -> float | None:
    """When the recording began, where a broadcast extension tells."""
    with source.open() as file:
        for name, place, size in _chunks(file):
            if name == b"bext" and size >= 346:
                file.seek(place + 320)  # date, time of day, samples since midnight
                date, time, samples = struct.unpack("<10s8sQ", file.read(26))
                return _began(date + time, samples, table)
    return None


def _began(date_and_time: bytes, samples: int, table: Table) -> float | None:
    # Makers separate with '-', ':', '_', '.' or a blank.
    digits = "".join(chr(byte) for byte in date_and_time if chr(byte).isdigit())
    try:
        began = datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:
        return None
    table.notes.append(f"began {began} by its broadcast extension, taken as UTC")
    midnight = began.replace(hour=0, minute=0, second=0)
    exact = midnight + timedelta(seconds=min(samples / (table.rate_hz or 1.0), 86_400.0))
    return moment((exact if abs((exact - began).total_seconds()) < 1 else began).isoformat())
