"""The overview: a tile per device, worst first, the alarms above."""

from __future__ import annotations

import time
from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import context
from dashboard.live.live_component import overview_tiles
from dashboard.refusals import kept
from dashboard.shell.time_range import TimeRange, choose_range, open_page


def show(pages: Mapping[str, StreamlitPage]) -> None:
    """Draw the page.

    Args:
        pages: By their addresses; a click on a tile opens one of them.
    """
    kept("overview", _is_open)  # a store that cannot be opened becomes one line here
    asked = overview_tiles(
        key="overview",
        data={"range": _stretch(choose_range()), "has_models": "models" in pages},
        on_open_change=lambda: None,
    ).open
    if asked and asked["page"] in pages:
        st.session_state["device"] = str(asked["device"])
        open_page(pages[asked["page"]], {"device": str(asked["device"])})


def _is_open() -> bool:
    context.engine()
    return True


def _stretch(chosen: TimeRange) -> dict[str, float] | None:
    """What the tiles tell of the past; None: the last minute, as it comes."""
    if chosen.last_s is not None:
        return {"last_s": chosen.last_s}
    bounds = chosen.bounds(time.time())
    return None if bounds is None else {"start": bounds[0], "end": bounds[1]}
