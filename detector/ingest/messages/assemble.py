"""Records of any format -> samples of devices: times, numbers, vectors, bursts, names.

Here stand the rules that hold for every format. Records of one message that speak of the same
device and session are joined on their times, so that channels told one by one become one sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from detector.ingest.messages.contract import Message, Reading, Record, RefusedPayloadError
from detector.ingest.messages.times import moment, moments
from detector.ingest.messages.values import (
    MAX_FEATURES,
    MAX_NAME,
    checked_count,
    feature_names,
    matrix,
    number,
    session_label,
    shown,
)
from detector.records import Samples, Times
from detector.settings.sources import SourceSettings

Setting = TypeVar("Setting", str, float)
LONGEST_VECTOR = 16  # numbers of an array that is one moment's vector, not a burst
WHOLE_VALUE = frozenset({"", "value", "val", "v", "state"})  # the one channel of a feature's topic


@dataclass(slots=True)
class Decoded:
    """What was read in one message.

    Attributes:
        blocks: Devices with their samples, in the order the message names them.
        units: Of features, where the message or the source gives them.
        left_out: What is no feature, by path, with the reason.
        ignored: Why a message without samples is no mistake.
        format: Name of the codec.
        births: See ``Reading``.
    """

    blocks: list[tuple[str, Samples]] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    ignored: str | None = None
    format: str = ""
    births: dict[str, bytes | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """One record, read: n moments and a list of n numbers per channel."""

    ts: Times
    columns: dict[str, Sequence[float]]
    is_timed: bool


def assemble(reading: Reading, message: Message, source: SourceSettings) -> Decoded:
    """Make samples of what a codec found.

    Raises:
        RefusedPayloadError: If a record names no device, a time is none, an array has no rate,
            or there is nothing that is a number.
    """
    decoded = Decoded(ignored=reading.ignored)
    groups: dict[tuple[str, str | None], list[_Part]] = {}
    for record in reading.records:
        decoded.left_out.update(record.left_out)
        part = _part(record, message, source, decoded)
        if part is not None:
            key = _device(record, message), session_label(record.session)
            groups.setdefault(key, []).append(part)
    if not groups and decoded.ignored is None:
        if not decoded.left_out:
            line = "sample: found no features, allowed: at least one number"
            raise RefusedPayloadError("empty", line)
        decoded.ignored = "nothing but attributes"
    for (device, session), parts in groups.items():
        decoded.blocks.append((device, _joined(parts, session)))
    return decoded


def _device(record: Record, message: Message) -> str:
    name = message.device if message.device is not None else record.device
    if isinstance(name, int | float) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name:
        raise RefusedPayloadError(
            "device",
            f"device: found {shown(name)}, allowed: {{device}} in the source's topic, or payload "
            "keys that name it in its `device`",
        )
    if len(name) > MAX_NAME or not name.isprintable() or {"/", "+", "#"} & set(name):
        raise RefusedPayloadError(
            "device",
            f"device: found {shown(name)}, allowed: 1 to {MAX_NAME} printable characters "
            "without /, + and #",
        )
    return name


def _part(
    record: Record, message: Message, source: SourceSettings, decoded: Decoded
) -> _Part | None:
    channels = _named(record.channels, message.feature)
    taken = {name: found for name, found in channels.items() if _is_taken(name, source, decoded)}
    if isinstance(record.time, list):
        ts, columns = _columns(record.time, taken, source, decoded)
    else:
        rate = source.rate_hz or record.rate_hz
        ts, columns = _moment_or_burst(record.time, rate, taken, message, source, decoded)
    for name, unit in record.units.items():
        decoded.units.setdefault(name if name in columns else message.feature or name, unit)
    for name in columns:
        decoded.units.setdefault(name, _of(source.unit, name, ""))
    return _Part(ts, columns, record.time is not None) if columns else None


def _named(channels: dict[str, object], feature: str | None) -> dict[str, object]:
    """Names below the feature that the topic names; its one value has that name."""
    if feature is None:
        return channels
    whole = next((name for name in channels if name.lower() in WHOLE_VALUE), None)
    return {
        feature if name == whole else f"{feature}.{name}": found for name, found in channels.items()
    }


def _is_taken(name: str, source: SourceSettings, decoded: Decoded) -> bool:
    if source.include and not _matches(name, source.include):
        decoded.left_out[name] = "not among `include`"
        return False
    if source.exclude and _matches(name, source.exclude):
        decoded.left_out[name] = "among `exclude`"
        return False
    return True


@lru_cache(maxsize=4096)
def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _columns(
    times: list[object], channels: dict[str, object], source: SourceSettings, decoded: Decoded
) -> tuple[Times, dict[str, Sequence[float]]]:
    """Columns beside a column of times, all of one length."""
    n = checked_count(len(times))
    columns: dict[str, Sequence[float]] = {}
    for name, column in channels.items():
        if not isinstance(column, list):
            line = f"{shown(name)}: found {shown(column)} beside columns, allowed: a list"
            raise RefusedPayloadError("columns", line)
        if len(column) != n:
            line = f"{shown(name)}: found {len(column)} values, allowed: {n} as in the others"
            raise RefusedPayloadError("columns", line)
        _add(columns, name, column, source, decoded)
    return moments(times, ZoneInfo(source.time_zone)), columns


def _moment_or_burst(
    time: object,
    rate_hz: float | None,
    channels: dict[str, object],
    message: Message,
    source: SourceSettings,
    decoded: Decoded,
) -> tuple[Times, dict[str, Sequence[float]]]:
    arrays = {name: found for name, found in channels.items() if isinstance(found, list)}
    lengths = {len(found) for found in arrays.values()}
    is_burst = bool(arrays) and (rate_hz is not None or lengths == {1})
    columns: dict[str, Sequence[float]] = {}
    for name, found in channels.items():
        if not isinstance(found, list):
            _add(columns, name, [found] * (max(lengths) if is_burst else 1), source, decoded)
        elif is_burst:
            _add(columns, name, found, source, decoded)
        else:
            _add_vector(columns, name, found, source, decoded)
    if is_burst:
        return _burst_times(time, rate_hz, columns, message, source), columns
    at = message.arrival if time is None else moment(time, ZoneInfo(source.time_zone))
    return np.array([at]), columns


def _burst_times(
    time: object,
    rate_hz: float | None,
    columns: dict[str, Sequence[float]],
    message: Message,
    source: SourceSettings,
) -> Times:
    """The first sample has the message's time; without one the last has its arrival."""
    lengths = {name: len(column) for name, column in columns.items()}
    n = checked_count(next(iter(lengths.values()), 0))
    for name, length in lengths.items():
        if length != n:
            line = f"{shown(name)}: found {length} values, allowed: {n} as in the others"
            raise RefusedPayloadError("columns", line)
    offsets = np.arange(n) / (rate_hz or 1.0)
    if time is None:
        return np.asarray(message.arrival - offsets[::-1])
    return moment(time, ZoneInfo(source.time_zone)) + offsets


def _add_vector(
    columns: dict[str, Sequence[float]],
    name: str,
    array: list[object],
    source: SourceSettings,
    decoded: Decoded,
) -> None:
    if len(array) > LONGEST_VECTOR:
        raise RefusedPayloadError(
            "rate",
            f"{shown(name)}: found {len(array)} values at one time and no rate, allowed: a rate "
            f"(fs, rate, dt or the source's rate_hz), or up to {LONGEST_VECTOR} values",
        )
    for index, found in enumerate(array):
        _add(columns, f"{name}.{index}" if name else str(index), [found], source, decoded)


def _add(
    columns: dict[str, Sequence[float]],
    name: str,
    column: Sequence[object],
    source: SourceSettings,
    decoded: Decoded,
) -> None:
    """Read a channel's values; one that holds words is left out and named."""
    is_expected = name in source.columns
    numbers = [number(x, is_expected=is_expected, missing=source.missing) for x in column]
    if None in numbers:
        word = column[numbers.index(None)]
        decoded.left_out[name] = f"{shown(word)} is no number"
        return
    if name in columns:
        raise RefusedPayloadError("names", f"{shown(name)}: found twice, allowed: once")
    if len(columns) >= MAX_FEATURES:
        feature_names((*columns, name))  # refuses them
    factor = _of(source.scale, name, 1.0)
    columns[name] = [x if factor == 1.0 else x * factor for x in numbers if x is not None]


def _of(setting: Setting | dict[str, Setting], name: str, otherwise: Setting) -> Setting:
    """A setting of all channels, or a table with one per channel."""
    return setting.get(name, otherwise) if isinstance(setting, dict) else setting


def _joined(parts: list[_Part], session: str | None) -> Samples:
    """One block of all parts of a device: rows by time, a channel that is not told is missing."""
    if len(parts) == 1:
        (part,) = parts
        names = feature_names(tuple(part.columns))
        return Samples(names, part.ts, matrix(names, list(part.columns.values())), session)
    names = feature_names(tuple(dict.fromkeys(name for part in parts for name in part.columns)))
    _refuse_untimed(parts, len(names))
    ts, rows = _rows(parts, {name: at for at, name in enumerate(names)})
    return Samples(names, ts, matrix(names, list(zip(*rows, strict=True))), session)


def _refuse_untimed(parts: list[_Part], n_names: int) -> None:
    """Parts without a time are one moment, the arrival, where each tells other channels."""
    untimed = [part for part in parts if not part.is_timed]
    if not untimed or (len(untimed) == len(parts) and n_names == sum(map(_width, parts))):
        return
    line = f"time: missing for {len(untimed)} of {len(parts)} samples, allowed: a time each, "
    raise RefusedPayloadError("time", line + "their spacing is unknown")


def _width(part: _Part) -> int:
    return len(part.columns)


def _rows(parts: Iterable[_Part], place: dict[str, int]) -> tuple[Times, list[list[float]]]:
    """Rows in order of time; a channel told twice for one time makes a row of its own."""
    found: list[tuple[float, list[float]]] = []
    newest: dict[float, list[float]] = {}
    for part in parts:
        for i, t in enumerate(part.ts.tolist()):
            told = {place[name]: column[i] for name, column in part.columns.items()}
            row = newest.get(t)
            if row is None or any(not math.isnan(row[at]) for at in told):
                row = newest[t] = [math.nan] * len(place)
                found.append((t, row))
            for at, value in told.items():
                row[at] = value
    checked_count(len(found))
    found.sort(key=lambda pair: pair[0])
    return np.array([t for t, _ in found]), [row for _, row in found]
