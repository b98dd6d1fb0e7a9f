"""Results of the fault lab as tables."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.pages.lab.results import Matrix, Row, totals
from dashboard.pages.sheets.sheet import Cell, Value, figure, table
from dashboard.words.viewer import number, say

NONE = "—"


def summary(rows: Sequence[Row]) -> str:
    """Each model with the rows beside it."""
    head: list[Value] = [
        say("lab.row"), figure(say("lab.found")), figure(say("lab.delay")), figure("AP"),
        figure("F2"), figure(say("lab.false_alarms")), figure(say("lab.bound")),
    ]  # fmt: skip
    lines = [_summed(row) for row in totals(rows)]
    return table(say("lab.summary"), head, lines, say("lab.nothing"), say("lab.summary_note"))


def _summed(row: Row) -> list[Value]:
    name = row.model if row.row == row.model else f"  {row.row}"
    return [
        name, figure(f"{row.faults_found}/{row.faults}"), figure(_number(row.median_delay_s, 1)),
        figure(_number(row.average_precision, 3)), figure(_number(row.f2, 3)),
        figure(_number(row.false_alarms_per_hour, 2)),
        figure(_number(row.false_alarms_per_hour_bound, 2)),
    ]  # fmt: skip


def found(one: Matrix) -> str:
    """Faults found of those tried, by family and severity."""
    head: list[Value] = [say("lab.fault"), *(figure(number(s, 2)) for s in one.severities)]
    lines: list[list[Value]] = [
        [family, *(_cell(pair) for pair in pairs)] for family, pairs in one.cells.items()
    ]
    return table(say("lab.found_by", model=one.model), head, lines, say("lab.no_faults"))


def _cell(pair: tuple[int, int] | None) -> Cell:
    if pair is None:
        return figure(NONE)
    hit, tried = pair
    return figure(f"{hit}/{tried}", say("lab.missed") if tried and not hit else None)


def _number(value: float | None, digits: int) -> str:
    return NONE if value is None else number(value, digits)
