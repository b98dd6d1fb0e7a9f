"""Records of any format -> samples of devices: times, numbers, vectors, bursts, names.

Here stand the rules that hold for every format. Records of one message that speak of the same
device and session are joined on their times, so that channels told one by one become one sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from detector.ingest.messages.contract import Message, Reading, Record, RefusedPayloadError
from detector.ingest.messages.join import Column, Part, joined, listed, refuse_untimed
from detector.ingest.messages.times import moment, moments
from detector.ingest.messages.values import (
    MAX_FEATURES,
    MAX_NAME,
    as_text,
    checked_count,
    feature_names,
    number,
    numbers,
    session_label,
    shown,
)
from detector.records import Samples, Times
from detector.settings.sources import SourceSettings
from detector.vocabulary import LATEST

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


def assemble(reading: Reading, message: Message, source: SourceSettings) -> Decoded:
    """Make samples of what a codec found.

    Raises:
        RefusedPayloadError: If a record names no device, a time is none, an array has no rate,
            or there is nothing that is a number.
    """
    decoded = Decoded(ignored=reading.ignored)
    groups: dict[tuple[str, str | None], list[Part]] = {}
    for record in reading.records:
        decoded.left_out.update(record.left_out)
        part = _part(record, message, source, decoded)
        if part is not None:
            key = _device(record, message), session_label(record.session)
            parts = groups.setdefault(key, [])
            parts.append(part)
            if len(parts) == 2:
                refuse_untimed(parts)  # before thousands more are read
    if not groups and decoded.ignored is None:
        if not decoded.left_out:
            line = "sample: found no features, allowed: at least one number"
            raise RefusedPayloadError("empty", line)
        decoded.ignored = "nothing but attributes"
    for (device, session), parts in groups.items():
        decoded.blocks.append((device, joined(parts, session)))
    return decoded


def _device(record: Record, message: Message) -> str:
    name = message.device if message.device is not None else record.device
    if isinstance(name, int | float) and not isinstance(name, bool):
        name = as_text(name)
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
) -> Part | None:
    if not record.channels and record.time is None:
        return None
    channels = _named(record.channels, message.feature)
    if source.include or source.exclude:
        channels = {x: found for x, found in channels.items() if _is_taken(x, source, decoded)}
    ts: list[float] | Times
    if isinstance(record.time, list):
        ts, columns = _columns(record.time, channels, source, decoded)
    else:
        rate = source.rate_hz or record.rate_hz
        ts, columns = _moment_or_burst(record.time, rate, channels, message, source, decoded)
    for name, unit in record.units.items():
        decoded.units.setdefault(name if name in columns else message.feature or name, unit)
    for name in columns:
        if name not in decoded.units:
            decoded.units[name] = _of(source.unit, name, "")
    return Part(ts, columns, record.time is not None) if columns else None


def _named(channels: dict[str, object], feature: str | None) -> dict[str, object]:
    """Names below the feature that the topic names; its one value has that name."""
    if feature is None:
        return channels
    whole = next((name for name in channels if name.lower() in WHOLE_VALUE), None)
    return {
        feature if name == whole else f"{feature}.{name}": found for name, found in channels.items()
    }


def _is_taken(name: str, source: SourceSettings, decoded: Decoded) -> bool:
    beginning = name[: MAX_NAME + 1]  # of a name that is too long, the reason comes later
    if source.include and not _matches(beginning, source.include):
        decoded.left_out[name] = "not among `include`"
        return False
    if source.exclude and _matches(beginning, source.exclude):
        decoded.left_out[name] = "among `exclude`"
        return False
    return True


@lru_cache(maxsize=4096)
def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _columns(
    times: list[object], channels: dict[str, object], source: SourceSettings, decoded: Decoded
) -> tuple[Times, dict[str, Column]]:
    """Columns beside a column of times, all of one length."""
    n = checked_count(len(times))
    columns: dict[str, Column] = {}
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
) -> tuple[list[float] | Times, dict[str, Column]]:
    lengths = {len(found) for found in channels.values() if isinstance(found, list)}
    is_burst = bool(lengths) and (rate_hz is not None or lengths == {1})
    n = checked_count(max(lengths), len(channels)) if is_burst else 1
    columns: dict[str, Column] = {}
    for name, found in channels.items():
        if not isinstance(found, list):
            _add(columns, name, [found], source, decoded)
            if is_burst and name in columns:  # it holds for all of the burst
                columns[name] = np.full(n, columns[name][0])
        elif is_burst:
            _add(columns, name, found, source, decoded)
        else:
            _add_vector(columns, name, found, source, decoded)
    if is_burst:
        return _burst_times(time, rate_hz, columns, message, source), columns
    at = message.arrival if time is None else moment(time, ZoneInfo(source.time_zone))
    return [at], columns


def _burst_times(
    time: object,
    rate_hz: float | None,
    columns: dict[str, Column],
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
        ts = np.asarray(message.arrival - offsets[::-1])
    else:
        ts = moment(time, ZoneInfo(source.time_zone)) + offsets
    if ts[0] < 0 or ts[-1] >= LATEST:
        line = f"rate: found {rate_hz:g} Hz of {n} samples, allowed: times from 1970 up to 2200"
        raise RefusedPayloadError("rate", line)
    return ts


def _add_vector(
    columns: dict[str, Column],
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
    columns: dict[str, Column],
    name: str,
    column: Sequence[object],
    source: SourceSettings,
    decoded: Decoded,
) -> None:
    """Read a channel's values; one that holds words is left out and named."""
    told: Column | None = None
    if len(column) > LONGEST_VECTOR and not source.missing:
        told = numbers(column)  # all at once
    if told is None:
        is_expected = name in source.columns
        read = [number(x, is_expected=is_expected, missing=source.missing) for x in column]
        if None in read:
            decoded.left_out[name] = f"{shown(column[read.index(None)])} is no number"
            return
        told = [x for x in read if x is not None]
    if name in columns:
        raise RefusedPayloadError("names", f"{shown(name)}: found twice, allowed: once")
    if len(columns) >= MAX_FEATURES:
        feature_names((*columns, name))  # refuses them
    factor = _of(source.scale, name, 1.0)
    columns[name] = told if factor == 1.0 else [x * factor for x in listed(told)]


def _of(setting: Setting | dict[str, Setting], name: str, otherwise: Setting) -> Setting:
    """A setting of all channels, or a table with one per channel."""
    return setting.get(name, otherwise) if isinstance(setting, dict) else setting
