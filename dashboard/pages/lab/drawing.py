"""Results of the fault lab as tables and a picture."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.pages.lab.results import Matrix, Row, shares, totals
from dashboard.pages.sheets.sheet import Cell, Value, figure, table
from dashboard.words.viewer import number, say

NONE = "—"
BAR, FONT = 16, 11  # pixels
COLOURS = ("#2b6cb0", "#9aa7b3", "#5f7f5b", "#8a6fa8")  # no red: nothing here is an anomaly
GRID, TEXT = "rgba(128, 128, 128, 0.2)", "#7a8794"


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


def picture(series: Sequence[tuple[str, dict[str, float]]]) -> go.Figure:
    """Share of faults found by family, side by side for some models or runs."""
    families = sorted({family for _, found_ in series for family in found_}, reverse=True)
    made = go.Figure()
    for number_, (name, shown) in enumerate(series):
        made.add_bar(
            y=families, x=[shown.get(family) for family in families], name=name, orientation="h",
            marker={"color": COLOURS[number_ % len(COLOURS)]},
            hovertemplate="%{y}: %{x:.0%}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    made.update_xaxes(range=[0, 1], tickformat=".0%", gridcolor=GRID, zeroline=False)
    made.update_yaxes(showgrid=False)
    made.update_layout(
        height=90 + len(families) * (BAR * len(series) + 10), barmode="group", bargap=0.3,
        margin={"l": 4, "r": 12, "t": 8, "b": 30}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", font={"color": TEXT, "size": FONT},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    return made


def series_of(name: str, rows: Sequence[Row], model: str) -> tuple[str, dict[str, float]]:
    """A model's shares under a name."""
    return name, shares(rows, model)


def _number(value: float | None, digits: int) -> str:
    return NONE if value is None else number(value, digits)
