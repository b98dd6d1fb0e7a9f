"""Universal files (UFF): time responses at nodal degrees of freedom (58), text or binary."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from pyuff import UFF

from detector.errors import SessionFileError
from detector.sessions.recordings.channels.channel import Channel, Scope, held
from detector.sessions.recordings.channels.grouping import tables_of, unique
from detector.sessions.recordings.channels.refusals import guarded
from detector.sessions.recordings.contract import Hints, Source, Table

FUNCTIONS = {
    2: "an auto spectrum", 3: "a cross spectrum", 4: "a frequency response",
    5: "a transmissibility", 6: "a coherence", 7: "an auto correlation",
    8: "a cross correlation", 9: "a power spectral density", 12: "a spectrum",
}  # fmt: skip
GENERAL, TIME_RESPONSE = 0, 1
TIME_AXIS = 17
DIRECTIONS = {
    0: "", 1: "+X", 2: "+Y", 3: "+Z", 4: "+RX", 5: "+RY", 6: "+RZ",
    -1: "-X", -2: "-Y", -3: "-Z", -4: "-RX", -5: "-RY", -6: "-RZ",
}  # fmt: skip
TAIL = 256  # bytes in which the last line stands
DIGITS = 5  # of the spacing, behind its first
DATES = ("%d-%b-%y %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%d-%m-%y %H:%M:%S")


@dataclass(frozen=True, slots=True)
class _Set:
    """A data set 58 with what to call it."""

    fields: dict[str, Any]
    place: int

    @property
    def point(self) -> str:
        """Node and direction, as test engineers write it: ``12+Z``."""
        entity = _word(self.fields.get("rsp_ent_name"))
        direction = DIRECTIONS.get(self.fields.get("rsp_dir", 0), "")
        point = f"{self.fields.get('rsp_node', 0)}{direction}"
        return f"{entity}:{point}" if entity else point

    @property
    def title(self) -> str:
        """The first line of its description; empty where it has none."""
        return _word(self.fields.get("id1"))


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """The tables of a universal file: one for each length and rate.

    Args:
        source: The file.
        hints: Rate and rows.

    Raises:
        SessionFileError: If it is broken or holds no time response.
    """
    return guarded(_read(source, hints), source, "UFF")


def _read(source: Source, hints: Hints) -> Iterator[Table]:
    file = UFF(str(source.path))
    kinds = [int(kind) for kind in file.get_set_types()]
    if not kinds:
        raise SessionFileError(f"{source.name}: no whole data set; allowed: sets in lines of -1")
    scope = Scope()
    sets = [_Set(file.read_sets(k), k) for k, kind in enumerate(kinds) if kind == 58]
    scope.notes += _cut_off(source)
    others = sorted(set(kinds) - {58})
    scope.left_out |= {f"data set {kind}": "not a function (58)" for kind in others}
    _fill(scope, sets, source)
    yield from tables_of([scope], source.name, hints)


def _cut_off(source: Source) -> list[str]:
    """What to say where the last data set does not end; it is not among those that are read."""
    with source.open() as file:
        file.seek(max(0, (source.size or 0) - TAIL))
        whole = file.read().rstrip().endswith(b"-1")
    return [] if whole else ["cut off: the last data set has no end and is left out"]


def _fill(scope: Scope, sets: list[_Set], source: Source) -> None:
    for one, name in zip(sets, _names(sets), strict=True):
        if why := _no_signal(one.fields):
            scope.left_out[name] = why
        else:
            scope.channels.append(_channel(one, name, source))
    if scope.channels:
        signals = (one for one in sets if not _no_signal(one.fields))
        scope.first = _made(next(signals).fields, scope)


def _names(sets: list[_Set]) -> list[str]:
    """Titles where each set has its own, else the points measured at."""
    titles = [one.title for one in sets]
    if all(titles) and len(set(titles)) == len(titles) and len(sets) > 1:
        return titles
    points = [one.point for one in sets]
    if len(set(points)) < len(points) or not any(one.fields.get("rsp_node") for one in sets):
        return unique(one.title or one.point for one in sets)
    return points


def _no_signal(fields: dict[str, Any]) -> str:
    function = fields["func_type"]
    is_time = fields.get("abscissa_spec_data_type") == TIME_AXIS
    if function != TIME_RESPONSE and not (function == GENERAL and is_time):
        return f"{FUNCTIONS.get(function, 'no time response')} (function type {function})"
    if fields["ord_data_type"] not in (2, 4):
        return "complex numbers"
    return "" if fields["num_pts"] > 0 else "empty"


def _channel(one: _Set, name: str, source: Source) -> Channel:
    fields, count = one.fields, one.fields["num_pts"]
    if len(fields["data"]) < count:
        raise SessionFileError(
            f"{source.name}: data set {one.place + 1} ({name}) has {len(fields['data'])} values, "
            f"{count} told; allowed: a whole UFF file"
        )
    unit = _word(fields.get("ordinate_axis_units_lab"))
    channel = held(name, np.asarray(fields["data"][:count]), unit)
    if fields["abscissa_spacing"] == 0:
        times = held("time", np.asarray(fields["x"][:count]), "s")
        return Channel(name, count, channel.read, channel.unit, times=times)
    return Channel(name, count, channel.read, channel.unit, _rate(fields["abscissa_inc"]))


def _rate(step: float) -> float | None:
    """Samples per second; a whole number where the rounded spacing may be that of one."""
    if not (math.isfinite(step) and step > 0):
        return None
    whole = round(1 / step)
    rounding = 0.5 * 10.0 ** (math.floor(math.log10(step)) - DIGITS)
    near = whole > 0 and abs(1 / whole - step) <= rounding * 1.001
    return float(whole) if near else 1 / step


def _word(text: object) -> str:
    word = str(text or "").strip()
    return "" if word.upper() == "NONE" else word


def _made(fields: dict[str, Any], scope: Scope) -> float | None:
    """When the function was made, by its third line, and what its times begin with after it."""
    for form in DATES:
        try:
            made = datetime.strptime(_word(fields.get("id3")), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        scope.notes.append(f"made {made:%Y-%m-%d %H:%M:%S} by its third line, taken as UTC")
        return made.timestamp() + float(fields["abscissa_min"])
    return None
