"""What names tell: a sampling rate, a time, a unit of time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from detector.sessions.recordings.channels.channel import Array, Channel

RATES = {
    "fs", "sr", "srate", "fsample", "fsampling", "samplerate", "samplingrate", "samplefrequency",
    "samplingfrequency", "samplingfreq", "samplefreq", "sampfreq", "samplespersecond", "ratehz",
}  # fmt: skip
STEPS = {
    "dt", "deltat", "timestep", "tstep", "sampletime", "samplingtime", "sampleinterval",
    "samplinginterval", "sampleperiod", "samplingperiod", "tsample", "ts",
}  # fmt: skip
STARTS = {"t0", "start", "starttime", "tstart", "begin", "begintime", "recordingstart"}
TIMES = {"t", "ts", "time", "times", "timestamp", "timestamps", "datetime", "datetimeutc", "tsec"}
PREFIXES = {"khz": 1e3, "mhz": 1e6, "hz": 1.0, "ms": 1e-3, "us": 1e-6, "s": 1.0}
SECONDS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0,
    "nanoseconds": 1e-9, "microseconds": 1e-6, "milliseconds": 1e-3, "seconds": 1.0, "sec": 1.0,
    "minutes": 60.0, "hours": 3600.0, "days": 86400.0, "d": 86400.0,
}  # fmt: skip
SAME = 1e-3  # two rates nearer to each other than this are one, rounded
DATENUM = (693_962.0, 767_011.0)  # MATLAB's days since the year 0: from 1900 to 2099
UNIX_DAY = 719_529.0  # 1970-01-01 in these


def folded(name: str) -> str:
    """A name without case and separators: ``Sample_Rate`` and ``samplerate`` are one."""
    return re.sub(r"[^0-9a-zµ]", "", name.lower())


def is_time(name: str) -> bool:
    """Whether a column of this name is the time of its rows; ``DE_time`` is not."""
    return re.sub(r"[\[(].*", "", name.lower()).strip(" _") in TIMES or folded(name) in TIMES


def rate_told(values: Mapping[str, float]) -> tuple[float | None, str]:
    """The sampling rate that single values tell.

    Args:
        values: By name: a rate under one of ``RATES``, the spacing under one of ``STEPS``.

    Returns:
        Rate in Hz, None where none is told or two contradict; and what to say of it.
    """
    told = {name: rate for name, value in values.items() if (rate := _rate(name, value))}
    if not told:
        return None, ""
    low, high = min(told.values()), max(told.values())
    said = ", ".join(f"{name} = {values[name]:g}" for name in told)
    if high > low * (1 + SAME):
        return None, f"the sampling rate is told twice and differs: {said}"
    return next(iter(told.values())), f"sampling rate from {said}"


def _rate(name: str, value: float) -> float | None:
    word, factor = _without_unit(folded(name))
    if not (np.isfinite(value) and value > 0):
        return None
    if word in RATES:
        return value * factor
    return 1 / (value * factor) if word in STEPS and value * factor < 86_400 else None


def _without_unit(word: str) -> tuple[str, float]:
    if word in RATES | STEPS:
        return word, 1.0
    for unit, factor in PREFIXES.items():
        stem = word.removesuffix(unit)
        if stem != word and stem in (RATES if unit.endswith("hz") else STEPS):
            return stem, factor
    return word, 1.0


def moment(value: object) -> float | None:
    """A time as UTC seconds: ISO 8601 text, a date, or seconds since 1970; None: no such thing."""
    if isinstance(value, np.datetime64):
        us = value.astype("datetime64[us]").astype(np.int64)
        return None if np.isnat(value) else float(us) / 1e6
    if isinstance(value, str):
        return _iso(value)
    number = float(value) if isinstance(value, int | float | np.number) else 0.0
    return number if 1e8 < number < 1e10 else None


def _iso(text: str) -> float | None:
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def in_seconds(channel: Channel) -> Channel:
    """A time column as seconds where its unit is another one.

    Units are those of SI and of the CF conventions (``hours since 2026-03-01``).
    """
    unit, _, since = channel.unit.strip().partition(" since ")
    factor, start = SECONDS.get(unit.lower()), _iso(since) if since else 0.0
    if factor is None or start is None or (factor == 1.0 and not since):
        return channel

    def read(begin: int, end: int) -> Array:
        return channel.read(begin, end) * factor + start

    said = f"{channel.name} in {channel.unit}"
    return Channel(channel.name, channel.length, read, "s", notes=(said,))


def from_datenum(channel: Channel) -> Channel:
    """A time column in MATLAB's days since the year 0 as times."""
    values = channel.read(0, channel.length)
    inside = values.dtype.kind == "f" and len(values) and np.isfinite(values).all()
    if not inside or not (values.min() > DATENUM[0] and values.max() < DATENUM[1]):
        return channel

    def read(begin: int, end: int) -> Array:
        us = np.round((values[begin:end] - UNIX_DAY) * 86_400e6).astype(np.int64)
        return us.astype("datetime64[us]")

    said = f"{channel.name} is in days since the year 0 (datenum)"
    return Channel(channel.name, channel.length, read, notes=(said,))
