"""An operator's answer: written as a command, which the detector applies or refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import context
from detector.records import Alarm
from detector.store import commands
from detector.store.schema import Connection

ANONYMOUS = "dashboard"
_ASKED = "command asked last"


def who() -> str:
    """The name that this viewer gave."""
    return str(st.session_state.get("who") or "").strip() or ANONYMOUS


def answer(kind: str, alarms: Sequence[Alarm], value: dict[str, Any]) -> None:
    """Write the command; called before the page is drawn again."""
    found = {alarm.device for alarm in alarms}
    device = found.pop() if len(found) == 1 else ""
    issue(device, kind, {"alarms": [alarm.id for alarm in alarms], **value})


def issue(device: str, kind: str, value: dict[str, Any]) -> int | None:
    """Write a command under this viewer's name; returns its id."""
    with context.engine().begin() as connection:
        number = commands.issue(connection, device, kind, value, who())
    st.session_state[_ASKED] = number
    return number


def last_refusal(connection: Connection) -> str | None:
    """Why this viewer's newest answer was refused; None where it was not."""
    asked = st.session_state.get(_ASKED)
    outcome = None if asked is None else commands.one(connection, asked).outcome
    return outcome if outcome and outcome != "applied" else None
