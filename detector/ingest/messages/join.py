"""Parts of one message that speak of the same device and session -> one block of samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from detector.ingest.messages.contract import RefusedPayloadError
from detector.ingest.messages.values import checked_count, feature_names, matrix
from detector.records import Samples, Times

Column: TypeAlias = "Sequence[float] | npt.NDArray[np.float64]"


@dataclass(slots=True)
class Part:
    """One record, read: n moments and n numbers per channel.

    Attributes:
        ts: UTC seconds.
        columns: By name.
        is_timed: The record has a time of its own.
    """

    ts: list[float] | Times
    columns: Mapping[str, Column]
    is_timed: bool


def joined(parts: list[Part], session: str | None) -> Samples:
    """Rows by time; a channel that is not told at a time is missing.

    Raises:
        RefusedPayloadError: If the spacing of the parts is unknown, or they are too many.
    """
    if len(parts) == 1:
        (part,) = parts
        names = feature_names(tuple(part.columns))
        return Samples(
            names, np.asarray(part.ts), matrix(names, list(part.columns.values())), session
        )
    names = feature_names(tuple(dict.fromkeys(name for part in parts for name in part.columns)))
    refuse_untimed(parts)
    rows = _rows(parts, {name: at for at, name in enumerate(names)})
    ts = np.array([t for t, _ in rows])
    columns = list(zip(*(row for _, row in rows), strict=True))
    return Samples(names, ts, matrix(names, columns), session)


def listed(column: Column) -> Sequence[float]:
    """A column as Python's own numbers, which are quicker one by one."""
    found: Sequence[float] = column.tolist() if isinstance(column, np.ndarray) else column
    return found


def refuse_untimed(parts: list[Part]) -> None:
    """Parts without a time are one moment, the arrival, where each tells other channels.

    Raises:
        RefusedPayloadError: If they are not.
    """
    untimed = [part for part in parts if not part.is_timed]
    if not untimed:
        return
    told = [name for part in parts for name in part.columns]
    if len(untimed) < len(parts) or len(set(told)) < len(told):
        line = f"time: missing for {len(untimed)} of {len(parts)} samples or more, allowed: a time "
        raise RefusedPayloadError("time", line + "each, their spacing is unknown")


def _rows(parts: Iterable[Part], place: Mapping[str, int]) -> list[tuple[float, list[float]]]:
    """Rows in order of time; a channel told twice for one time makes a row of its own."""
    found: list[tuple[float, list[float]]] = []
    newest: dict[float, list[float]] = {}
    for part in parts:
        cells = [(place[name], listed(column)) for name, column in part.columns.items()]
        for i, t in enumerate(listed(part.ts)):
            row = newest.get(t)
            if row is None or not all(math.isnan(row[at]) for at, _ in cells):
                row = newest[t] = [math.nan] * len(place)
                found.append((t, row))
                checked_count(len(found), len(place))
            for at, column in cells:
                row[at] = column[i]
    found.sort(key=lambda pair: pair[0])
    return found
