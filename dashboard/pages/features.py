"""Which features of a device get a chart: of many those that matter, or those chosen."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.live.columns import MOST
from dashboard.words.viewer import say


def choose_features(device: str, names: Sequence[str]) -> tuple[str, ...]:
    """Let the viewer choose of many; empty: nobody has chosen, or there are few.

    Args:
        device: Name of the machine; each has a choice of its own.
        names: All that can be drawn.
    """
    if len(names) <= MOST:
        return ()
    chosen = st.sidebar.multiselect(
        say("device.features", n=len(names)),
        names,
        key=f"features {device}",
        max_selections=MOST,
        placeholder=say("device.those_that_matter"),
        help=say("device.features_help", n=MOST),
    )
    return tuple(chosen)
