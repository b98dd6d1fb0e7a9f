"""Long form, a row for each value (time, name, value) -> a column for each name.

InfluxDB's annotated CSV (``_time, _value, _field`` and tags) and the history of Home Assistant
(``entity_id, state, last_changed``) are of this kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.errors import SessionFileError
from detector.records import Times, Values
from detector.sessions.tables.candidates import ChosenTime
from detector.sessions.tables.columns.cells import Cells
from detector.sessions.tables.columns.names import COUNTERS, Column
from detector.sessions.tables.gathered import Clock, Gathered, Job, NoRecordingError
from detector.sessions.tables.roles import INFLUX
from detector.text import counted, inert, listed

NAMES = (  # the surest first
    "field", "name", "tag", "tagname", "tag_name", "metric", "entity_id", "variable", "signal",
    "channel", "sensor", "sensor_name", "sensor_id", "parameter", "point", "point_name", "item",
    "series", "quantity", "measure", "datapoint", "topic", "key", "measurement", "id",
)  # fmt: skip
VALUES = frozenset(
    {"value", "val", "state", "reading", "v", "wert", "messwert", "numeric_value", "valor",
     "valeur", "measured_value", "tag_value", "payload", "값"}
)  # fmt: skip
UNITS = frozenset({"unit", "units", "unit_of_measurement", "uom", "einheit"})
SAYING_NOTHING = frozenset(
    {
        "quality",
        "status",
        "comment",
        "attributes",
        "result",
        "start",
        "stop",
        "table",
        "good",
        "q",
        "msgid",
        "_msgid",
        "qos",
        "retain",
        "dup",
    }
)
MOST_CELLS = 400_000_000  # of the widened table
Rows = npt.NDArray[np.int64]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LongColumns:
    """What the columns of a table in long form are.

    Attributes:
        name: Of the channel.
        value: The numbers.
        unit: Of the value.
        tags: Words that tell apart channels of the same name.
        left_out: The others, with the reason.
    """

    name: Column
    value: Column
    unit: Column | None
    tags: tuple[Column, ...]
    left_out: dict[str, str]


def long_columns(
    columns: Sequence[Column], cells: pd.DataFrame, time: ChosenTime
) -> LongColumns | None:
    """Tell the columns of a table in long form apart; None: it is a wide one.

    Args:
        columns: As in ``cells``.
        cells: The first rows.
        time: Its time; a table without one is not of this kind.
    """
    names = [c for key in NAMES for c in columns if c.key == key]
    values = [c for c in columns if c.key in VALUES]
    if not time.columns or not names or len(values) != 1:
        return None
    taken = {c.place for c in (*time.columns, names[0], values[0], *(c for c, _ in time.left_out))}
    others = [c for c in columns if c.place not in taken]
    unit = next((c for c in others if c.key in UNITS), None)
    others = [c for c in others if c is not unit]
    left_out = {c.shown: why for c, why in time.left_out}
    tags = []
    for column in others:
        if _says_nothing(column):
            left_out[column.shown] = "says nothing of a channel"
        elif _is_number(cells.iloc[:, column.place]):
            return None
        else:
            tags.append(column)
    return LongColumns(names[0], values[0], unit, tuple(tags), left_out)


def _says_nothing(column: Column) -> bool:
    is_influx = column.heading in INFLUX and column.heading != "_measurement"
    return is_influx or column.key in SAYING_NOTHING | COUNTERS


def _is_number(cells: pd.Series) -> bool:
    numbers = pd.to_numeric(cells, errors="coerce")
    return bool(2 * numbers.notna().sum() > cells.notna().sum())


@dataclass(slots=True)
class _Channel:
    cells: Cells
    unit: str = ""
    rows: list[Rows] = field(default_factory=list)


class LongTable:
    """Gathers a table in long form.

    Args:
        long: What its columns are.
        time: Its time.
        columns: All of them.
        job: The table.
    """

    def __init__(
        self, long: LongColumns, time: ChosenTime, columns: list[Column], job: Job
    ) -> None:
        self._long = long
        self._job = job
        self._clock = Clock(time, columns, job)
        self._channels: dict[Key, _Channel] = {}
        self._size = 0
        self._repeated = 0

    def add(self, chunk: pd.DataFrame) -> None:
        """Take the next rows."""
        self._clock.add(chunk)
        keys = [chunk.iloc[:, c.place] for c in (*self._long.tags, self._long.name)]
        codes = pd.MultiIndex.from_arrays([key.astype(object) for key in keys])
        places, found = pd.factorize(codes)
        order = np.argsort(places, kind="stable")
        edges = np.searchsorted(places[order], np.arange(len(found) + 1))
        for place, key in enumerate(found):
            rows = order[edges[place] : edges[place + 1]]
            self._add_channel(tuple(map(_word, key)), chunk, rows)
        self._size += len(chunk)

    def _add_channel(self, key: Key, chunk: pd.DataFrame, rows: npt.NDArray[np.intp]) -> None:
        if not key[-1]:
            return
        channel = self._channels.setdefault(key, _Channel(Cells(key[-1])))
        channel.rows.append(rows + self._size)
        channel.cells.add(chunk.iloc[rows, self._long.value.place], rows + self._size)
        if self._long.unit is not None and not channel.unit:
            channel.unit = _word(chunk.iloc[rows[0], self._long.unit.place])

    def finish(self) -> Gathered:
        """A row for each time at which any channel has a value.

        Raises:
            SessionFileError: If too many cells or times are bad, or no channel is of numbers.
        """
        times, _ = self._clock.read()
        left_out = dict(self._long.left_out)
        chosen = self._chosen(self._named(), left_out)
        rows = {name: np.concatenate(channel.rows) for name, channel in chosen.items()}
        ts = np.unique(np.concatenate([times.seconds[own] for own in rows.values()]))
        ts = ts[~np.isnan(ts)]
        self._refuse_too_large(len(ts), len(chosen))
        values = np.full((len(ts), len(chosen)), np.nan, np.float32)
        notes = [*self._clock.notes]
        for place, (name, channel) in enumerate(chosen.items()):
            self._place(values[:, place], ts, times.seconds[rows[name]], channel)
            notes += filter(None, [channel.cells.note()])
        notes[:0] = self._told(chosen, values, ts)
        columns = [Column(i, name, name, c.unit) for i, (name, c) in enumerate(chosen.items())]
        return Gathered(ts, values, columns, times.has_date, left_out=left_out, notes=notes)

    def _named(self) -> dict[str, _Channel]:
        """Channels by name, with the tags before it that differ."""
        keys = list(self._channels)
        differing = [len({key[tag] for key in keys}) > 1 for tag in range(len(self._long.tags))]
        named = {}
        for key, channel in self._channels.items():
            tags = [word for word, differs in zip(key, differing, strict=False) if differs and word]
            channel.cells.name = ".".join([*tags, key[-1]])
            named[channel.cells.name] = channel
        return named

    def _chosen(self, named: dict[str, _Channel], left_out: dict[str, str]) -> dict[str, _Channel]:
        wanted = self._job.features
        missing = [name for name in wanted or () if name not in named]
        if missing:
            raise SessionFileError(
                f"{self._job.where}: no {self._long.name.shown} {', '.join(missing)}; "
                f"found {listed(list(named), 40)}"
            )
        chosen = {}
        for name in wanted or named:
            cells = named[name].cells
            why = "no value in any row" if cells.is_empty else cells.reason_out()
            if why is None:
                chosen[name] = named[name]
            else:
                left_out[name] = why
        if not chosen:
            found = "; ".join(f"{inert(name)}: {why}" for name, why in list(left_out.items())[:4])
            raise NoRecordingError(
                f"{self._job.where}: no feature among {self._long.name.shown}, left out {found}; "
                "allowed: names with numbers"
            )
        return chosen

    def _refuse_too_large(self, rows: int, names: int) -> None:
        if rows * names > MOST_CELLS:
            raise SessionFileError(
                f"{self._job.where}: {names:,} names at {rows:,} times together, "
                f"allowed: up to {MOST_CELLS:,} cells; name fewer features"
            )

    def _place(self, column: Values, ts: Times, own: Times, channel: _Channel) -> None:
        """Put a channel's values where their times are; of several at one time the first stays."""
        found = channel.cells.finish(self._job.where, self._job.first_line(), None)
        known = np.flatnonzero(~np.isnan(own))
        _, first = np.unique(own[known], return_index=True)
        self._repeated += len(known) - len(first)
        kept = known[first]
        column[np.searchsorted(ts, own[kept])] = found[kept]

    def _told(self, chosen: dict[str, _Channel], values: Values, ts: Times) -> list[str]:
        names = counted(len(chosen), "name")
        notes = [f"long form: {names} of column {self._long.name.shown} widened"]
        counts = np.isfinite(values).sum(axis=0)
        if (counts < 0.95 * len(ts)).any():
            most, least = int(counts.max()), int(counts.min())
            notes.append(
                f"names have times of their own: {least:,} to {most:,} values at "
                f"{counted(len(ts), 'time')}, missing at the others"
            )
        if self._repeated:
            notes.append(f"{counted(self._repeated, 'repeated row')} dropped: same name and time")
        return notes


def _word(found: object) -> str:
    return "" if found is None or found is pd.NA or found != found else str(found).strip()  # noqa: PLR0124
