"""The overview: a tile per device, worst first, the alarms above."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import context
from dashboard.live.live_component import overview_tiles


def show(device_page: StreamlitPage) -> None:
    """Draw the page.

    Args:
        device_page: Opened by a click on a tile.
    """
    context.engine()  # a store that cannot be opened becomes one line here
    opened = overview_tiles(key="overview", on_open_change=lambda: None).open
    if opened:
        st.session_state["device"] = str(opened)
        st.switch_page(device_page, query_params={"device": str(opened)})
