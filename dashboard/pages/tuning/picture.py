"""The score of a stretch, both thresholds, and the alarms of each tuning as lanes below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.pages.panels.palette import TICKS, Palette

SCORE_PX, LANE_PX, MARGIN = 190, 26, 56
TRIED = {"light": "#1f7ec4", "dark": "#4aa8f0"}


@dataclass(frozen=True, slots=True)
class Lane:
    """Alarms of one kind.

    Attributes:
        name: What stands beside it.
        spans: From when to when, UTC seconds; an end of None: until the end of the picture.
        color: Of the bars.
    """

    name: str
    spans: Sequence[tuple[float, float | None]]
    color: str


def figure(
    found: Mapping[str, Any],
    lanes: Sequence[Lane],
    thresholds: Sequence[tuple[float, str, str]],
    offset_s: float,
    palette: Palette,
) -> go.Figure:
    """Draw a preview.

    Args:
        found: From ``preview``.
        lanes: From the top to the bottom.
        thresholds: Each with its colour and its dash.
        offset_s: Of the viewer's clock from UTC.
        palette: Of the theme.
    """  # fmt: skip
    height = LANE_PX * len(lanes)
    made = make_subplots(
        2, 1, shared_xaxes=True, vertical_spacing=0.04, row_heights=[SCORE_PX, height]
    )
    picture = found["picture"]
    score = np.array([np.nan if v is None else v for v in picture["score"]], float)
    ts = picture["start"] + (np.arange(len(score)) + 0.5) * picture["step_s"]
    made.add_scatter(
        x=_times(ts, offset_s), y=score, mode="lines", row=1, col=1,
        line={"color": palette.text, "width": 1.1}, hovertemplate="%{x}<br>%{y:.3g}<extra></extra>",
    )  # fmt: skip
    for value, color, dash in thresholds:
        made.add_hline(value, row=1, col=1, line={"color": color, "width": 1.5, "dash": dash})
    for row, lane in enumerate(lanes):
        made.add_trace(_bars(lane, -row, found["end"], offset_s), row=2, col=1)
    _lay_out(made, found, lanes, score, [value for value, *_ in thresholds], offset_s, palette)
    return made


def _bars(lane: Lane, y: int, until: float, offset_s: float) -> go.Scatter:
    """A bar each; a mark at its start, for most are shorter than a pixel."""
    edges = [(start, until if end is None else end, np.nan) for start, end in lane.spans]
    flat = np.array(edges, float).ravel()
    return go.Scatter(
        x=_times(flat, offset_s), y=np.full(len(flat), y), mode="lines+markers", name=lane.name,
        line={"color": lane.color, "width": 9}, connectgaps=False, hoverinfo="x",
        marker={"symbol": "square", "size": 9, "color": lane.color},
    )  # fmt: skip


def _lay_out(
    made: go.Figure, found: Mapping[str, Any], lanes: Sequence[Lane], score: np.ndarray,
    thresholds: Sequence[float], offset_s: float, palette: Palette,
) -> None:  # fmt: skip
    there = np.append(score[np.isfinite(score) & (score > 0)], thresholds)
    low, high = np.log10(there.min() / 1.2), np.log10(there.max() * 1.3)
    grid = {"gridcolor": palette.grid, "zeroline": False, "fixedrange": True}
    ends = _times(np.array([found["start"], found["end"]]), offset_s)
    made.update_xaxes(range=list(ends), **grid)
    made.update_yaxes(type="log", range=[low, high], tickvals=TICKS,
                      ticktext=[f"{tick:g}" for tick in TICKS], row=1, col=1, **grid)  # fmt: skip
    made.update_yaxes(
        range=[0.6 - len(lanes), 0.6], tickvals=[-row for row in range(len(lanes))],
        ticktext=[lane.name for lane in lanes], showgrid=False, zeroline=False, fixedrange=True,
        row=2, col=1,
    )  # fmt: skip
    made.update_layout(
        height=SCORE_PX + LANE_PX * len(lanes) + MARGIN, showlegend=False, dragmode=False,
        margin={"l": 8, "r": 8, "t": 10, "b": 28}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", font={"color": palette.faint, "size": 11},
    )  # fmt: skip
    made.update_yaxes(automargin=True)


def _times(ts: np.ndarray, offset_s: float) -> np.ndarray:
    milliseconds = np.where(np.isnan(ts), 0.0, ts + offset_s) * 1e3
    times = milliseconds.astype("datetime64[ms]")
    times[np.isnan(ts)] = np.datetime64("NaT")
    return times
