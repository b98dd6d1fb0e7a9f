"""A spectrum as a Plotly figure: a row for each input, cursors where its parts would show."""

from __future__ import annotations

from html import escape

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.pages.panels.palette import Palette
from dashboard.words.viewer import say
from detector.frontends.waveforms.viewed import Viewed

ROW, MARGIN = 170, 90  # pixels
POINTS = 2000  # drawn of a line; each is the largest of those it stands for
MORE = 1.3  # times the last cursor, shown at first
ROOM, TINY = 0.06, 1e-9  # above the highest line, of what is shown


def figure(seen: Viewed, palette: Palette) -> go.Figure:
    """Draw a spectrum: a velocity as it is, an acceleration or envelope in dB.

    Args:
        seen: What is to be drawn.
        palette: Of the theme.
    """
    made = make_subplots(
        len(seen.inputs), 1, shared_xaxes=True, vertical_spacing=0.06,
        subplot_titles=[f"{escape(name)} ({_unit(seen)})" for name in seen.inputs],
    )  # fmt: skip
    made.update_annotations(font={"size": 12, "color": palette.text}, x=0, xanchor="left")
    levels = seen.spectrum.rms if seen.quantity == "velocity" else seen.spectrum.db
    for row, (name, level) in enumerate(zip(seen.inputs, levels, strict=True), 1):
        made.add_trace(_line(seen, name, level, palette), row=row, col=1)
        shown = level[seen.spectrum.axis <= _end(seen)]
        low = 0.0 if seen.quantity == "velocity" else float(np.quantile(shown, 0.02))
        high = float(shown.max())
        room = ROOM * max(high - low, TINY)
        made.update_yaxes(range=[low - room * (low != 0), high + room], row=row, col=1)
    _mark(made, seen, palette)
    _lay_out(made, seen, palette)
    return made


def thinned(
    axis: np.ndarray, level: np.ndarray, points: int = POINTS
) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points; of each few lines the largest, where it lies, so no peak is lost."""
    each = -(-len(axis) // points)
    if each <= 1:
        return axis, level
    count = -(-len(axis) // each)
    padded = np.full(count * each, -np.inf)
    padded[: len(level)] = level
    largest = padded.reshape(count, each).argmax(axis=1) + np.arange(count) * each
    return axis[largest], level[largest]


def _unit(seen: Viewed) -> str:
    if seen.quantity == "velocity":
        return say("spectrum.velocity_level")
    what = say(
        "spectrum.squared_envelope" if seen.quantity == "envelope" else "spectrum.acceleration"
    )
    return say("spectrum.level", what=what, unit=seen.spectrum.unit or say("spectrum.one_unit"))


def _line(seen: Viewed, name: str, level: np.ndarray, palette: Palette) -> go.Scatter:
    axis, shown = thinned(seen.spectrum.axis, level)
    unit = seen.spectrum.axis_unit
    return go.Scatter(
        x=axis, y=shown, name=name, mode="lines", line={"color": palette.line, "width": 1.2},
        hovertemplate=f"%{{x:.4g}} {unit}<br>%{{y:.4g}}<extra>{escape(name)}</extra>",
    )  # fmt: skip


def _mark(made: go.Figure, seen: Viewed, palette: Palette) -> None:
    """A dotted line in all rows at each part, its name at the top, two heights in turn."""
    for number, (name, at) in enumerate(sorted(seen.cursors.items(), key=lambda one: one[1])):
        made.add_shape(
            type="line", x0=at, x1=at, y0=0, y1=1, xref="x", yref="paper", layer="below",
            line={"color": palette.faint, "width": 1, "dash": "dot"},
        )  # fmt: skip
        made.add_annotation(
            x=at, y=1, xref="x", yref="paper", yanchor="bottom", text=escape(name), showarrow=False,
            yshift=18 + 13 * (number % 3), font={"size": 11, "color": palette.faint},
        )  # fmt: skip


def _end(seen: Viewed) -> float:
    """Of the axis at first: the last cursor with some room; what lies above is a zoom away."""
    last = float(seen.spectrum.axis[-1])
    return min(last, MORE * max([*seen.cursors.values(), last / 20]))


def _lay_out(made: go.Figure, seen: Viewed, palette: Palette) -> None:
    grid = {"gridcolor": palette.grid, "zeroline": False}
    titles = {"x": say("spectrum.multiples"), "Hz": say("spectrum.hz")}
    made.update_xaxes(range=[0, _end(seen)], **grid)
    made.update_xaxes(title=titles[seen.spectrum.axis_unit], row=len(seen.inputs), col=1)
    made.update_yaxes(nticks=4, fixedrange=True, **grid)
    made.update_layout(
        height=ROW * len(seen.inputs) + MARGIN, showlegend=False, hovermode="closest",
        margin={"l": 52, "r": 10, "t": 74, "b": 40}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", font={"color": palette.faint, "size": 11},
    )  # fmt: skip
