"""A stretch of a device's running chosen on a small chart of what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from dashboard import context
from dashboard.words.viewer import say, zone
from detector.records import DeviceStatus
from detector.store.archive.place import place_at
from detector.store.history.history import History, history
from detector.store.places import archive_place

HOUR_S = 3600.0
SPANS_S = (900.0, HOUR_S, 6 * HOUR_S, 24 * HOUR_S)
POINTS, MOST_FEATURES = 600, 3
ROW, MARGIN = 60, 56  # pixels
LINE, CHOSEN, GRID = "#6b7a88", "rgba(43, 108, 176, 0.18)", "rgba(128, 128, 128, 0.2)"


def choose(status: DeviceStatus) -> tuple[float, float] | None:
    """Let the viewer choose; None where nothing is stored.

    Args:
        status: Of the device.

    Returns:
        Start and end by the device's clock, UTC seconds.
    """
    device = status.device
    with st.container(horizontal=True, vertical_alignment="bottom"):
        span_s = st.segmented_control(
            say("models.look_back"), SPANS_S, default=SPANS_S[0], format_func=_span,
            key=f"span {device}",
        ) or SPANS_S[0]  # fmt: skip
        st.button(say("models.up_to_now"), icon=":material/refresh:", on_click=_up_to_now,
                  args=(device,))  # fmt: skip
    end = st.session_state.setdefault(_end(device), status.last_ts)
    past = _read(device, end - span_s, end)
    if not len(past):
        st.info(say("models.nothing_stored"))
        return None
    first = float(past.ts[0])
    chosen = _slider(device, first, end)
    st.plotly_chart(figure(past, chosen), key=f"stretch {device}", theme=None,
                    config={"displayModeBar": False, "staticPlot": True})  # fmt: skip
    return chosen


def figure(past: History, chosen: tuple[float, float]) -> go.Figure:
    """The score and a few features, small, with what is chosen shaded."""
    names = past.features[:MOST_FEATURES]
    made = make_subplots(len(names) + 1, 1, shared_xaxes=True, vertical_spacing=0.06,
                         subplot_titles=[*names, say("models.score")])  # fmt: skip
    times = _clock(past.ts)
    for row, name in enumerate(names, 1):
        made.add_trace(_line(times, past.mean[:, past.features.index(name)]), row=row, col=1)
    made.add_trace(_line(times, past.score), row=len(names) + 1, col=1)
    start, end = (_clock(np.array([ts]))[0] for ts in chosen)
    made.add_vrect(x0=start, x1=end, fillcolor=CHOSEN, line_width=0, layer="below")
    made.update_annotations(font={"size": 11, "color": LINE}, x=0, xanchor="left")
    made.update_xaxes(showgrid=False, tickfont={"size": 10, "color": LINE})
    made.update_yaxes(
        nticks=3, gridcolor=GRID, zeroline=False, tickfont={"size": 10, "color": LINE}
    )
    made.update_layout(
        height=ROW * (len(names) + 1) + MARGIN, showlegend=False, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", margin={"l": 40, "r": 4, "t": 20, "b": 36},
    )  # fmt: skip
    return made


def _span(seconds: float) -> str:
    if seconds < HOUR_S:
        return say("common.minutes", n=round(seconds / 60))
    return say("common.hours", n=round(seconds / HOUR_S))


def _slider(device: str, first: float, end: float) -> tuple[float, float]:
    low, high = _shown(first), _shown(end)
    if high - low < timedelta(seconds=2):
        return first, end
    begin = max(low, high - timedelta(minutes=5))
    chosen = st.slider(
        say("models.stretch"), low, high, (begin, high), step=timedelta(seconds=1),
        format="HH:mm:ss", key=f"chosen {device} {low} {high}",
        help=say("models.stretch_help"),
    )  # fmt: skip
    start, until = (_seconds(one) for one in chosen)
    return start, until + (1.0 if chosen[1] == high else 0.0)  # the newest sample itself is in it


def _read(device: str, start: float, end: float) -> History:
    store = context.engine()
    place = place_at(archive_place(store, context.settings().store.archive))
    with store.connect() as connection:
        return history(connection, place, device, start, end, POINTS)


def _line(times: np.ndarray, values: np.ndarray) -> go.Scatter:
    return go.Scatter(x=times, y=values, mode="lines", line={"color": LINE, "width": 1},
                      hoverinfo="skip", connectgaps=False)  # fmt: skip


def _clock(ts: np.ndarray) -> np.ndarray:
    """By the viewer's clock; Plotly shows times as they are."""
    offset = datetime.fromtimestamp(float(ts[0]), zone()).utcoffset() or timedelta()
    return ((ts + offset.total_seconds()) * 1e3).astype("datetime64[ms]")


def _shown(ts: float) -> datetime:
    return datetime.fromtimestamp(ts, zone()).replace(tzinfo=None, microsecond=0)


def _seconds(shown: datetime) -> float:
    return shown.replace(tzinfo=zone()).astimezone(UTC).timestamp()


def _up_to_now(device: str) -> None:
    st.session_state.pop(_end(device), None)


def _end(device: str) -> str:
    return f"stretch ends {device}"
