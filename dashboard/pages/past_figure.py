"""A device's past as a Plotly figure: per feature a band with its mean, the score below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from detector.store.history.history import History

Array: TypeAlias = npt.NDArray[Any]

ROW, SCORE_ROW, MARGIN = 120, 150, 70  # pixels
FEW = 400  # single samples that are drawn as points too
WORD_FROM = 0.08  # of the time; a shorter stretch is shaded without its word
LOWEST_SCORE = 1e-2  # on a logarithmic axis
TICKS = [part * 10.0**power for power in range(-2, 5) for part in (1, 3)]


@dataclass(frozen=True)
class Palette:
    """Colours of the page's theme, those of the live chart; red is for anomalies alone."""

    text: str
    faint: str
    grid: str
    line: str
    band: str
    anomaly: str
    anomalous: str
    not_judged: str


LIGHT = Palette(
    text="#1f2a33", faint="#66727d", grid="rgba(30, 45, 60, 0.08)", line="#1f7ec4",
    band="rgba(54, 66, 77, 0.30)", anomaly="#d92d20", anomalous="rgba(217, 45, 32, 0.08)",
    not_judged="rgba(90, 103, 115, 0.13)",
)  # fmt: skip
DARK = Palette(
    text="#dfe5ea", faint="#93a1ae", grid="rgba(255, 255, 255, 0.07)", line="#4aa8f0",
    band="rgba(227, 233, 239, 0.30)", anomaly="#ff5c5c", anomalous="rgba(255, 92, 92, 0.13)",
    not_judged="rgba(150, 165, 180, 0.16)",
)  # fmt: skip


def figure(
    past: History, units: dict[str, str], shown: tuple[str, ...], offset_s: float, palette: Palette
) -> go.Figure:
    """Draw a device's past.

    Args:
        past: At least one bucket.
        units: By feature, where known.
        shown: Features to draw, in this order.
        offset_s: Of the viewer's clock from UTC.
        palette: Of the theme.
    """
    drawing = _Drawing(past, offset_s, palette)
    names = [f"{name} ({units[name]})" if units.get(name) else name for name in shown]
    rows = len(names) + 1
    made = make_subplots(
        rows, 1, shared_xaxes=True, vertical_spacing=0.24 / rows,
        row_heights=[ROW] * len(names) + [SCORE_ROW],
        subplot_titles=[*names, "Score (1 = calibrated threshold, log scale)"],
    )  # fmt: skip
    for row, name in enumerate(shown, 1):
        made.add_traces(drawing.feature(name), rows=row, cols=1)
    made.add_traces(drawing.score(), rows=rows, cols=1)
    _lay_out(made, drawing, rows)
    drawing.shade(made)
    return made


def runs(is_there: npt.NDArray[np.bool_], breaks: npt.NDArray[np.bool_]) -> Iterator[slice]:
    """Stretches of buckets that are there, cut at the gaps between them."""
    starts = is_there & (breaks | ~np.append([False], is_there[:-1]))
    firsts = np.flatnonzero(starts)
    for first, bound in pairwise([*firsts, len(is_there)]):
        yield slice(int(first), int(first + np.count_nonzero(is_there[first:bound])))


class _Drawing:
    """The traces and shapes of one past.

    A value is drawn from the beginning of its bucket to its end, so that a bucket between two gaps
    shows too; nothing is drawn across a gap.
    """

    def __init__(self, past: History, offset_s: float, palette: Palette) -> None:
        self.past, self.palette = past, palette
        self._offset_s = offset_s
        self._edges = np.stack([past.ts, past.ts + past.width_s], axis=1).ravel()
        self._is_few = len(past) <= FEW and not past.width_s.any()

    def times(self, ts: Array) -> Array:
        """By the viewer's clock; Plotly shows them as they are."""
        milliseconds = np.where(np.isnan(ts), 0.0, ts + self._offset_s) * 1e3
        times = milliseconds.astype("datetime64[ms]")
        times[np.isnan(ts)] = np.datetime64("NaT")
        return times

    def feature(self, name: str) -> list[go.Scatter]:
        """The mean, over a band from the smallest to the largest value where they differ."""
        past, column = self.past, self.past.features.index(name)
        low, high, mean = (values[:, column] for values in (past.low, past.high, past.mean))
        stretches = list(runs(np.isfinite(mean), past.breaks))
        told = np.repeat(np.stack([low, high, past.samples], axis=1), 2, axis=0)
        line = self._line(mean, stretches, f"{name} mean", self.palette.line)
        line.update(
            customdata=_parted(told, stretches),
            hovertemplate="%{x}<br>mean %{y:.4g}<br>%{customdata[0]:.4g} to "
            "%{customdata[1]:.4g}, %{customdata[2]} samples<extra></extra>",
        )
        return [self._band(low, high, stretches, f"{name} band"), line]

    def score(self) -> list[go.Scatter]:
        """The highest scores, the threshold, and a red marker on each anomalous bucket."""
        past, at = self.past, self.past.anomalies > 0
        score = np.maximum(past.score, LOWEST_SCORE)
        stretches = list(runs(np.isfinite(score), past.breaks))
        everywhere = list(runs(np.ones(len(past), np.bool_), past.breaks))
        line = self._line(score, stretches, "score", self.palette.text)
        line.update(hovertemplate="%{x}<br>score up to %{y:.3g}<extra></extra>")
        threshold = self._line(past.threshold, everywhere, "threshold", self.palette.faint)
        threshold.update(mode="lines", line={"width": 1, "dash": "dash"}, hoverinfo="skip")
        marked = go.Scatter(
            x=self.times(past.ts[at] + past.width_s[at] / 2), y=score[at], name="anomalies",
            mode="markers", marker={"color": self.palette.anomaly, "size": 6},
            customdata=past.anomalies[at],
            hovertemplate="%{x}<br>%{customdata} anomalies, score up to %{y:.3g}<extra></extra>",
        )  # fmt: skip
        return [line, threshold, marked]

    def shade(self, made: go.Figure) -> None:
        """Anomalous stretches, those that are not judged, and gaps with their reason."""
        past, palette = self.past, self.palette
        edge = {"color": palette.faint, "width": 1, "dash": "dot"}
        for gap in past.gaps:
            self._stretch(made, gap.start, gap.end, gap.reason, line=edge)
        ends = past.ts + past.width_s
        for part in runs(past.running_share == 0, past.breaks):
            span = past.ts[part][0], ends[part][-1]
            self._stretch(made, *span, "not judged", fillcolor=palette.not_judged, line_width=0)
        for part in runs(past.anomalies > 0, past.breaks):
            span = past.ts[part][0], ends[part][-1]
            self._stretch(made, *span, "", fillcolor=palette.anomalous, line_width=0)

    def _stretch(
        self, made: go.Figure, start: float, end: float, word: str, **look: object
    ) -> None:
        """Over all rows; the word where there is room."""
        past = self.past
        x0, x1 = self.times(np.clip([start, end], past.start, past.end))
        shape = {"x0": x0, "x1": x1, "y0": 0, "y1": 1, "xref": "x", "yref": "paper"}
        made.add_shape(type="rect", layer="below", **shape, **look)
        if word and end - start > WORD_FROM * (past.end - past.start):
            made.add_annotation(
                x=x0 + (x1 - x0) / 2, y=1, xref="x", yref="paper", yanchor="top", text=word,
                showarrow=False, font={"size": 11, "color": self.palette.faint},
            )  # fmt: skip

    def _line(self, values: Array, stretches: list[slice], name: str, color: str) -> go.Scatter:
        return go.Scatter(
            x=self.times(_parted(self._edges, stretches)),
            y=_parted(np.repeat(values, 2), stretches), name=name,
            mode="lines+markers" if self._is_few else "lines",
            line={"color": color, "width": 1.2}, marker={"color": color, "size": 4},
        )  # fmt: skip

    def _band(self, low: Array, high: Array, stretches: list[slice], name: str) -> go.Scatter:
        x, y = [np.empty(0)], [np.empty(0)]
        for part in stretches:
            edges = self._edges[2 * part.start : 2 * part.stop]
            x += [edges, edges[::-1], np.full(1, np.nan)]
            y += [np.repeat(high[part], 2), np.repeat(low[part], 2)[::-1], np.full(1, np.nan)]
        return go.Scatter(
            x=self.times(np.concatenate(x)), y=np.concatenate(y), name=name, mode="lines",
            fill="toself", fillcolor=self.palette.band, hoverinfo="skip",
            line={"color": self.palette.band, "width": 1},
        )  # fmt: skip


def _parted(doubled: Array, stretches: list[slice]) -> Array:
    """The stretches of values that stand twice, a missing one after each."""
    missing = np.full((1, *doubled.shape[1:]), np.nan)
    parts = [part for s in stretches for part in (doubled[2 * s.start : 2 * s.stop], missing)]
    return np.concatenate([missing[:0], *parts])


def _lay_out(made: go.Figure, drawing: _Drawing, rows: int) -> None:
    past, palette = drawing.past, drawing.palette
    of_score = np.append(past.score, past.threshold)
    top, bottom = np.nanmax(of_score) * 1.3, max(LOWEST_SCORE, np.nanmin(of_score) / 1.3)
    grid = {"gridcolor": palette.grid, "zeroline": False}
    made.update_xaxes(range=list(drawing.times(np.array([past.start, past.end]))), **grid)
    made.update_yaxes(nticks=4, fixedrange=True, **grid)
    made.update_yaxes(
        type="log", range=[np.log10(bottom), np.log10(top)], tickvals=TICKS,
        ticktext=[f"{tick:g}" for tick in TICKS], row=rows, col=1,
    )  # fmt: skip
    made.update_annotations(font={"size": 12, "color": palette.text}, x=0, xanchor="left")
    made.update_layout(
        height=ROW * (rows - 1) + SCORE_ROW + MARGIN, showlegend=False, hovermode="closest",
        margin={"l": 52, "r": 10, "t": 28, "b": 28}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", font={"color": palette.faint, "size": 11},
    )  # fmt: skip
