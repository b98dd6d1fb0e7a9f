"""What viewers ask of the detector: commands, which it applies or refuses.

Every command of the page is written here, under the name of whoever signed in and only where
their role may give it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import context
from dashboard.access import denials, viewer
from dashboard.access.roles import may, needed
from dashboard.refusals import noted
from dashboard.words.viewer import say, translated
from detector.errors import FaultlineError
from detector.records import Alarm
from detector.store import commands
from detector.store.schema import Connection, StoreFailure

ANONYMOUS = "dashboard"
_ASKED, _DENIED = "command asked last", "command denied last"


def who() -> str:
    """The viewer's name: of the login, or the one that they gave where there is none."""
    found = viewer.session()
    if found is not None:
        return found.who
    return str(st.session_state.get("who") or "").strip() or ANONYMOUS


def why_not(kind: str) -> str | None:
    """Why this viewer may not give a kind of command, in their language; None: they may."""
    role = viewer.role()
    if may(role, kind):
        return None
    if role is None:
        return say("access.ended")
    return say(f"access.needs_{needed(kind)}", role=say(f"access.role_{role}"))


def tell_role(kind: str) -> None:
    """Say once on a page that this viewer may look at it and no more."""
    denied = why_not(kind)
    if denied is not None:
        st.caption(f":material/lock: {denied}")


def is_allowed(kind: str) -> bool:
    """Whether this viewer may do something; what is denied is told on the page and in the log."""
    denied = st.session_state[_DENIED] = why_not(kind)
    if denied is not None:
        st.session_state[_ASKED] = None
        denials.tell(kind, who(), f"needs the role {needed(kind)}")
    return denied is None


def issue(device: str, kind: str, value: dict[str, Any]) -> int | None:
    """Write a command; returns its id, None where this viewer may not, or the store is away."""
    if not is_allowed(kind):
        return None
    try:
        with context.engine().begin() as connection:
            number = commands.issue(connection, device, kind, value, who())
    except (FaultlineError, StoreFailure) as error:
        st.session_state[_DENIED] = say("shell.not_written", error=noted(error))
        return None
    st.session_state[_ASKED] = number
    return number


def answer(kind: str, alarms: Sequence[Alarm], value: dict[str, Any]) -> None:
    """Answer alarms; called before the page is drawn again.

    Each detector gets a command of its own, of those that it looks after.
    """
    for name in dict.fromkeys(alarm.detector for alarm in alarms):
        mine = [alarm for alarm in alarms if alarm.detector == name]
        found = {alarm.device for alarm in mine}
        device = found.pop() if len(found) == 1 else ""
        issue(device, kind, {"alarms": [alarm.id for alarm in mine], **value})


def last_refusal(connection: Connection) -> str | None:
    """Why this viewer's newest command was denied or refused; None where it was not."""
    denied = st.session_state.get(_DENIED)
    if denied is not None:
        return str(denied)
    asked = st.session_state.get(_ASKED)
    outcome = None if asked is None else commands.one(connection, asked).outcome
    return translated(outcome) if outcome and outcome != "applied" else None
