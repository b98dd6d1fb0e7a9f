"""Channels to tables: what has one length and one time base stands in one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
import pandas as pd

from detector.errors import SessionFileError
from detector.sessions.recordings.channels.channel import Channel, Scope, plain
from detector.sessions.recordings.channels.told import is_time
from detector.sessions.recordings.contract import Hints, Table

CHUNK_ROWS = 100_000
PARAMETERS = 10  # a vector this many times shorter than those beside it is no signal


@dataclass(slots=True)
class _Group:
    """Channels of one table."""

    channels: list[Channel] = field(default_factory=list)
    rate_hz: float | None = None
    first: float | None = None

    @property
    def length(self) -> int:
        return self.channels[0].length

    @property
    def has_times(self) -> bool:
        return any(is_time(channel.name) for channel in self.channels)

    def takes(self, channel: Channel) -> bool:
        """Whether a channel has the same rows: as many, at the same times."""
        same = channel.length == self.length and _same_rate(channel.rate_hz, self.rate_hz)
        return same and self._starts_with(channel) and _same_times(channel.times, self.times)

    @property
    def times(self) -> Channel | None:
        return next((channel.times for channel in self.channels if channel.times), None)

    def _starts_with(self, channel: Channel) -> bool:
        if channel.first is None or self.first is None:
            return True
        return abs(channel.first - self.first) < 0.5 / (self.rate_hz or 1.0)

    def add(self, channel: Channel) -> None:
        self.channels.append(channel)
        self.rate_hz = self.rate_hz or channel.rate_hz
        self.first = channel.first if self.first is None else self.first


def _same_rate(one: float | None, other: float | None) -> bool:
    return one is None or other is None or bool(np.isclose(one, other, rtol=1e-9))


def _same_times(one: Channel | None, other: Channel | None) -> bool:
    if one is None or other is None or one is other:
        return one is None or other is None or one is other
    return one.length == other.length and bool(
        np.array_equal(one.read(0, one.length), other.read(0, other.length))
    )


def tables_of(scopes: Iterable[Scope], name: str, hints: Hints) -> Iterator[Table]:
    """One table for each time base of each scope.

    Args:
        scopes: As they stand in the file.
        name: Of the file, for the refusal.
        hints: ``rate_hz`` holds for channels whose own is in doubt, ``limit_rows`` for all.

    Raises:
        SessionFileError: If there is no channel at all.
    """
    scopes = list(scopes)
    groups = [(scope, group) for scope in scopes for group in _groups(scope, hints)]
    left_out = {path: why for scope in scopes for path, why in scope.left_out.items()}
    if not groups:
        found = ", ".join(f"{path} ({why})" for path, why in list(left_out.items())[:8])
        raise SessionFileError(
            f"{name}: no samples, found {found or 'nothing'}; allowed: columns of numbers"
        )
    names = _table_names(groups)
    for k, (scope, group) in enumerate(groups):
        table = _table(scope, group, hints.limit_rows)
        table.name = names[k]
        table.left_out = left_out if k == 0 else {}
        yield table


def _groups(scope: Scope, hints: Hints) -> list[_Group]:
    groups: list[_Group] = []
    for channel in scope.channels:
        if channel.length == 0:
            scope.left_out[scope.path_of(channel.name)] = "empty"
            continue
        group = next((group for group in groups if group.takes(channel)), None)
        if group is None:
            groups.append(group := _Group())
        group.add(channel)
    return _those_with_a_time_base(scope, [_with_times(scope, group) for group in groups], hints)


def _with_times(scope: Scope, group: _Group) -> _Group:
    """A group's times, where they stand with a channel or further up."""
    if group.times is not None:
        group.channels.insert(0, group.times)
    above = scope.parent
    while above is not None and not group.has_times and group.rate_hz is None:
        times = (c for c in above.channels if is_time(c.name) and c.length == group.length)
        group.channels[:0] = list(times)[:1]
        above = None if above.rate_hz else above.parent
    return group


def _those_with_a_time_base(scope: Scope, groups: list[_Group], hints: Hints) -> list[_Group]:
    """Without what is a parameter, or of another rate than the only one that is told."""
    longest = max((group.length for group in groups), default=0)
    kept = []
    for group in groups:
        own = group.has_times or group.rate_hz is not None
        why = "" if own else _doubt(group, longest, scope, hints)
        if why:
            scope.left_out.update({scope.path_of(c.name): why for c in group.channels})
        else:
            kept.append(group)
    return kept


def _doubt(group: _Group, longest: int, scope: Scope, hints: Hints) -> str:
    if group.length * PARAMETERS <= longest:
        return f"{group.length} values beside {longest}"
    if group.length < longest and rate_of(scope) is not None and hints.rate_hz is None:
        return f"{group.length} values beside {longest}, and its own rate is not told; see --rate"
    return ""


def rate_of(scope: Scope | None) -> float | None:
    """The rate told nearest above."""
    while scope is not None and scope.rate_hz is None:
        scope = scope.parent
    return None if scope is None else scope.rate_hz


def first_of(scope: Scope | None) -> float | None:
    """The start told nearest above."""
    while scope is not None and scope.first is None:
        scope = scope.parent
    return None if scope is None else scope.first


def _table(scope: Scope, group: _Group, limit_rows: int | None) -> Table:
    rows = group.length if limit_rows is None else min(group.length, limit_rows)
    channels = dict(zip(unique([c.name for c in group.channels]), group.channels, strict=True))
    timed = group.has_times
    return Table(
        chunks=_chunks(channels, rows),
        units={name: channel.unit for name, channel in channels.items() if channel.unit},
        rate_hz=None if timed else group.rate_hz or rate_of(scope),
        first=None if timed else group.first if group.first is not None else first_of(scope),
        notes=list(dict.fromkeys([*_notes(scope), *(n for c in group.channels for n in c.notes)])),
    )


def _notes(scope: Scope | None) -> Iterator[str]:
    while scope is not None:
        yield from scope.notes
        scope = scope.parent


def _chunks(channels: dict[str, Channel], rows: int) -> Iterator[pd.DataFrame]:
    for start in range(0, rows, CHUNK_ROWS):
        end = min(start + CHUNK_ROWS, rows)
        yield pd.DataFrame({name: plain(c.read(start, end)) for name, c in channels.items()})


def unique(names: Iterable[str]) -> list[str]:
    """Names told apart by a number behind the second and later of a kind."""
    told: list[str] = []
    for name in names:
        other = (f"{name}.{k}" for k in range(2, len(told) + 3))
        told.append(name if name not in told else next(n for n in other if n not in told))
    return told


def _table_names(groups: list[tuple[Scope, _Group]]) -> list[str]:
    if len(groups) == 1:
        return [""]
    scopes = [scope for scope, _ in groups]
    return unique(
        scope.path_of(_common(group)) if scopes.count(scope) > 1 else scope.path or _common(group)
        for scope, group in groups
    )


def _common(group: _Group) -> str:
    """What the names of a table's channels begin with, or the first of them."""
    names = [channel.name for channel in group.channels if not is_time(channel.name)]
    if len(names) == 1:
        return names[0]
    words = zip(*(re.split(r"[_. ]", name) for name in names), strict=False)
    alike = takewhile(lambda word: len(set(word)) == 1, words)
    return "_".join(word[0] for word in alike) or (names or ["time"])[0]
