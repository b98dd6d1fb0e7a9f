"""What the fault lab found: rows of ``evaluate --json``, looked at from a few sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

ALL = "all"


class Row(msgspec.Struct, frozen=True):
    """One line; what does not exist is None."""

    model: str
    row: str
    family: str
    severity: float | None
    faults: int
    faults_found: int
    normal_hours: float
    false_alarms: int
    average_precision: float | None = None
    f2: float | None = None
    event_recall: float | None = None
    median_delay_s: float | None = None
    false_alarms_per_hour: float | None = None
    false_alarms_per_hour_bound: float | None = None


@dataclass(frozen=True)
class Matrix:
    """Faults found by family and severity of one model.

    Attributes:
        model: Its name.
        severities: In order.
        cells: Per family: found and tried at each severity; None where none was tried.
    """

    model: str
    severities: tuple[float, ...]
    cells: dict[str, tuple[tuple[int, int] | None, ...]]


def rows_of(found: Any) -> list[Row] | None:  # noqa: ANN401 -- whatever a file held
    """The rows of a result; None where it is none."""
    try:
        return msgspec.convert(found, list[Row])
    except msgspec.ValidationError:
        return None


def totals(rows: Sequence[Row]) -> list[Row]:
    """Each model and what stands beside it, over all faults."""
    return [row for row in rows if row.family == ALL and row.severity is None]


def own(rows: Sequence[Row], model: str) -> list[Row]:
    """Those of a model itself."""
    return [row for row in rows if row.model == row.row == model]


def models(rows: Sequence[Row]) -> list[str]:
    """Names of the models, in order."""
    return list(dict.fromkeys(row.model for row in rows))


def matrix(rows: Sequence[Row], model: str) -> Matrix:
    """By family and severity; a family without severities has one column less."""
    mine = [row for row in own(rows, model) if row.family != ALL]
    severities = tuple(sorted({row.severity for row in mine if row.severity is not None}))
    cells: dict[str, tuple[tuple[int, int] | None, ...]] = {}
    for family in sorted({row.family for row in mine}):
        by = {row.severity: (row.faults_found, row.faults) for row in mine if row.family == family}
        cells[family] = tuple(by.get(one) for one in severities)
    return Matrix(model, severities, cells)


def shares(rows: Sequence[Row], model: str) -> dict[str, float]:
    """Share of faults found by family, over all severities."""
    return {
        row.family: row.event_recall
        for row in own(rows, model)
        if row.family != ALL and row.severity is None and row.event_recall is not None
    }
