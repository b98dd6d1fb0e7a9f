"""A note on a stretch of a device's time: written as a command, which the detector keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.pages.answering import issue, why_not
from dashboard.words.viewer import no_markdown, say, translated
from detector.alarms import requests
from detector.errors import AlarmError

_REFUSED = "note refused"


def write_note(device: str, said: Mapping[str, Any]) -> None:
    """Ask for a note; one that cannot be is refused here already.

    Args:
        device: Name of the machine.
        said: ``start`` and ``end`` (UTC seconds) and ``text``, from the browser.
    """
    value = {"start": said.get("start"), "end": said.get("end"), "why": said.get("text")}
    try:
        requests.read(requests.NOTE, value, 0.0)
    except AlarmError as error:
        st.session_state[_REFUSED] = translated(str(error))
        return
    st.session_state[_REFUSED] = why_not(requests.NOTE)
    issue(device, requests.NOTE, value)


def show_refusal() -> None:
    """Say why this viewer's newest note was refused."""
    refused = st.session_state.get(_REFUSED)
    if refused:
        line = say("device.note_refused", why=refused)
        st.warning(no_markdown(line), icon=":material/warning:")
