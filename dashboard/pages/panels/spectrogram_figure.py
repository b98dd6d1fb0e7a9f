"""A spectrogram as a Plotly figure: levels in grey, orders of the speed as dotted lines."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import numpy as np
import plotly.graph_objects as go

from dashboard.pages.panels.palette import Palette
from dashboard.words.viewer import say
from detector.frontends.waveforms.spectrogram import Array, Spectrogram

HEIGHT = 340  # pixels
MOST_TIMES, MOST_LINES = 400, 256  # drawn
ORDERS = (1, 2, 3, 4)
QUIETEST = 0.25  # of all levels, which are drawn as nothing


def figure(
    seen: Spectrogram, rpm: Array | None, zone: tzinfo, level: str, palette: Palette
) -> go.Figure:
    """Draw levels over time and frequency.

    Args:
        seen: What is to be drawn.
        rpm: Shape (T,), 1/min; None: no orders are drawn.
        zone: Of the viewer.
        level: What the levels are, in words.
        palette: Of the theme.
    """
    ts, hz, db = thinned(seen)
    quiet, loud = np.nanquantile(db, QUIETEST), np.nanmax(db)
    made = go.Figure(
        go.Heatmap(
            x=_times(ts, zone), y=hz, z=db, zmin=quiet, zmax=max(loud, quiet + 1.0),
            colorscale=[[0, "rgba(127, 127, 127, 0)"], [1, palette.text]], hoverongaps=False,
            hovertemplate="%{x}<br>%{y:.4g} Hz<br>%{z:.1f} dB<extra></extra>",
            colorbar={"title": {"text": level, "side": "right"}, "thickness": 10, "nticks": 4},
        )
    )  # fmt: skip
    for order in ORDERS if rpm is not None else ():
        _order(made, _times(seen.ts, zone), order * np.asarray(rpm) / 60, order, palette)
    made.update_xaxes(gridcolor=palette.grid, zeroline=False)
    made.update_yaxes(title=say("spectrum.hz"), range=[0, float(seen.hz[-1])], zeroline=False,
                      gridcolor=palette.grid)  # fmt: skip
    made.update_layout(
        height=HEIGHT, showlegend=False, margin={"l": 52, "r": 10, "t": 12, "b": 28},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.faint, "size": 11},
    )  # fmt: skip
    return made


def thinned(seen: Spectrogram) -> tuple[Array, Array, Array]:
    """Times, lines and levels, of each few the loudest, where they are more than can be seen."""
    by_line = -(-len(seen.hz) // MOST_LINES)
    by_time = -(-len(seen.ts) // MOST_TIMES)
    db = _loudest(_loudest(seen.db, by_line).T, by_time).T
    return seen.ts[::by_time], seen.hz[::by_line], db


def _loudest(db: Array, each: int) -> Array:
    """Of each few rows the largest; NaN where all are missing."""
    if each <= 1:
        return db
    padded = np.full((-(-len(db) // each) * each, db.shape[1]), -np.inf)
    padded[: len(db)] = np.where(np.isnan(db), -np.inf, db)
    most = padded.reshape(-1, each, db.shape[1]).max(axis=1)
    return np.asarray(np.where(np.isneginf(most), np.nan, most))


def _order(made: go.Figure, x: list[str], hz: Array, order: int, palette: Palette) -> None:
    made.add_scatter(
        x=x, y=hz, mode="lines", name=f"{order}x", hoverinfo="skip",
        line={"color": palette.line, "width": 1.2, "dash": "dot"},
    )  # fmt: skip
    made.add_annotation(
        x=x[0], y=float(hz[0]), text=f"{order}x", showarrow=False, xanchor="left",
        yanchor="bottom", font={"size": 11, "color": palette.line},
    )  # fmt: skip


def _times(ts: Array, zone: tzinfo) -> list[str]:
    """By the viewer's clock; Plotly shows them as they are."""
    return [
        datetime.fromtimestamp(at, UTC).astimezone(zone).replace(tzinfo=None).isoformat()
        for at in ts.tolist()
    ]
