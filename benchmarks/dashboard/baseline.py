"""What the chart is held against: ``st.plotly_chart`` in a fragment, twice a second."""

from __future__ import annotations

import os

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from detector.store import frames
from detector.store.schema import Engine, open_store

DEVICE, WINDOW_S, POINTS = "motor-600-1", 60.0, 1000


@st.cache_resource
def store() -> Engine:
    """Opened once."""
    return open_store(os.environ["BENCHMARK_STORE"])


@st.fragment(run_every=0.5)
def chart() -> None:
    """Raw signal, reconstruction and error of three features, and the score."""
    with store().connect() as connection:
        held = frames.recent(connection, DEVICE, WINDOW_S)
    ts, values, model, score = (
        np.concatenate([getattr(frame, name) for frame in held])
        for name in ("ts", "values", "reconstruction", "score")
    )
    kept = slice(None, None, -(-len(ts) // POINTS))
    x = (ts[kept] * 1e3).astype("datetime64[ms]")
    made = make_subplots(7, 1, shared_xaxes=True)
    for f, name in enumerate(held[0].features[:3]):
        error = np.abs(values[kept, f] - model[kept, f])
        made.add_trace(go.Scatter(x=x, y=values[kept, f], name=f"{name} raw"), 2 * f + 1, 1)
        made.add_trace(go.Scatter(x=x, y=model[kept, f], name=f"{name} model"), 2 * f + 1, 1)
        made.add_trace(go.Scatter(x=x, y=error, name=f"{name} error"), 2 * f + 2, 1)
    made.add_trace(go.Scatter(x=x, y=score[kept], name="score"), 7, 1)
    made.update_layout(height=560, uirevision="kept", showlegend=False)
    st.plotly_chart(made, key="full")
    st.session_state["updates"] = st.session_state.get("updates", 0) + 1
    st.text(f"updates {st.session_state['updates']}")


chart()
