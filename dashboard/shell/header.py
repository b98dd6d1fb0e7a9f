"""The bar above every page: mounted once, fed by its own socket; what it asks for is done here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.live.live_component import header_bar
from dashboard.shell import time_range
from dashboard.words.viewer import machine_zone

KEYS = {"overview": "o", "device": "d", "alarms": "a", "tuning": "t", "lab": "l", "models": "m",
        "system": "s"}  # fmt: skip
LONGEST_NAME = 80
LONGEST_LINK = 500
_BAR, _WHO, _KIOSK = "header", "who", "kiosk"


def show_header(pages: Mapping[str, StreamlitPage], signed_in: str | None = None) -> None:
    """Draw the bar and do what it was asked for.

    Args:
        pages: By their addresses, as ``st.navigation`` knows them.
        signed_in: Name of a login, which nobody types; None: there is none.
    """
    if signed_in:
        st.session_state[_WHO] = signed_in
    st.session_state[_WHO] = st.session_state.get(_WHO, "")  # kept over pages
    time_range.choose_range()
    with st.container(key="shell"):
        asked = header_bar(
            key=_BAR,
            data=_told(pages, signed_in),
            on_range_change=_range_asked,
            on_who_change=_name_given,
            on_kiosk_change=_kiosk_left,
            on_go_change=lambda: None,
        )
    if asked.get("go"):
        _open(pages, asked["go"])


def _told(pages: Mapping[str, StreamlitPage], signed_in: str | None) -> dict[str, Any]:
    return {
        "pages": [
            {"path": path, "title": getattr(page, "title", path), "key": KEYS.get(path, "")}
            for path, page in pages.items()
        ],
        "range": time_range.kept(),
        "who": st.session_state[_WHO],
        "login": signed_in,
        "kiosk": _kiosk(),
        "machine_zone": machine_zone(),
    }


def _range_asked() -> None:
    words = st.session_state[_BAR].get("range")
    if isinstance(words, dict):
        time_range.keep({name: _text(words[name]) for name in time_range.NAMES if name in words})


def _name_given() -> None:
    name = st.session_state[_BAR].get("who")
    if name is not None:
        st.session_state[_WHO] = _text(name).strip()[:LONGEST_NAME]


def _kiosk() -> str:
    """Seconds a view stays on a screen on a wall, from the link; empty: no such screen."""
    asked = st.query_params.get(_KIOSK, st.session_state.get(_KIOSK, ""))
    seconds = asked if asked.isdecimal() and int(asked) > 0 else ""
    st.session_state[_KIOSK] = seconds
    if seconds and st.query_params.get(_KIOSK) != seconds:
        st.query_params[_KIOSK] = seconds
    return seconds


def _kiosk_left() -> None:
    st.session_state[_KIOSK] = ""
    st.query_params.pop(_KIOSK, None)


def _open(pages: Mapping[str, StreamlitPage], asked: Mapping[str, Any]) -> None:
    """Go to a page; the range and the kiosk mode go with it, as they are kept."""
    page = pages.get(_text(asked.get("page")))
    query = asked.get("query")
    if page is None or not isinstance(query, dict):
        return
    words = {_text(name): _text(value) for name, value in query.items()}
    if "device" in words:
        st.session_state["device"] = words["device"]
    seconds = _kiosk()
    time_range.open_page(page, {**words, **({_KIOSK: seconds} if seconds else {})})


def _text(value: object) -> str:
    return str(value or "")[:LONGEST_LINK]
