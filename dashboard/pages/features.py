"""Which features of a device get a chart: all of a few; of many, those that matter, or chosen ones."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

MOST = 8  # as in dashboard/assets/figure.js

HELP = f"""
A waveform is told by many columns. As long as none is chosen, those are drawn that were behind the
latest anomalies; choose up to {MOST} to see others.
"""


def choose_features(device: str, names: Sequence[str]) -> tuple[str, ...]:
    """Let the viewer choose of many; empty: nobody has chosen, or there are few.

    Args:
        device: Name of the machine; each has a choice of its own.
        names: All that can be drawn.
    """
    if len(names) <= MOST:
        return ()
    chosen = st.sidebar.multiselect(
        f"Features ({len(names)})",
        names,
        key=f"features {device}",
        max_selections=MOST,
        placeholder="Those that matter",
        help=HELP,
    )
    return tuple(chosen)
