"""A list of alarms of which several may be answered at once, and one may be opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard import context
from dashboard.live.live_component import alarm_list
from dashboard.pages.alarms.rows import row
from dashboard.pages.answering import answer, why_not
from dashboard.words.viewer import say
from detector.alarms import requests
from detector.records import Alarm
from detector.store import alarms, commands

SHELVE_MINUTES, SHELVE_HOURS = (10, 30), (2, 8)
MAY = (requests.ACK, requests.SHELVE, requests.UNSHELVE, requests.COMMENT, requests.VERDICT)
OPENED = "alarm"  # in the link
LONGEST_ID = 18  # digits


def opened_id() -> int | None:
    """The alarm that the link names; None: none, or what is no number."""
    text = st.query_params.get(OPENED, "")
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else None


def close() -> None:
    """Close the panel of an alarm."""
    st.query_params.pop(OPENED, None)


def draw_list(view: str, few: Sequence[Alarm], opened: int | None, none: str) -> None:
    """The rows.

    Args:
        view: Each keeps a selection of its own.
        few: In the order they are shown.
        opened: The alarm whose panel is open.
        none: What is said where there is no row.
    """
    with context.engine().connect() as connection:
        said = commands.comments(connection)
    mine = {kind for kind in MAY if why_not(kind) is None}
    key = f"alarm list {view}"
    alarm_list(
        key=key,
        data={
            "rows": [row(one, mine, len(said.get(one.id or 0, ()))) for one in few],
            "opened": opened,
            "none": none,
            "shelves": _shelves(),
        },
        on_asked_change=_answered(key),
        on_open_change=_turned(key),
    )


def _shelves() -> list[tuple[int, str]]:
    """Minutes, and what they are called."""
    minutes = [(one, say("common.minutes", n=one)) for one in SHELVE_MINUTES]
    return minutes + [(60 * one, say("common.hours", n=one)) for one in SHELVE_HOURS]


def _answered(key: str) -> Callable[[], None]:
    """Writes what the list asks for as one command; the detector checks it, all or nothing."""

    def write() -> None:
        asked: dict[str, Any] = st.session_state[key].get("asked") or {}
        kind, value = asked.get("kind"), asked.get("value")
        if kind in MAY and isinstance(value, dict):
            answer(str(kind), _found(asked.get("alarms")), value)

    return write


def _found(ids: object) -> list[Alarm]:
    numbers = [one for one in ids if isinstance(one, int)] if isinstance(ids, list) else []
    with context.engine().connect() as connection:
        found = [alarms.one(connection, number) for number in numbers[: requests.MOST_ALARMS]]
    return [one for one in found if one is not None]


def _turned(key: str) -> Callable[[], None]:
    """Opens a row's panel, or closes it."""

    def turn() -> None:
        number = st.session_state[key].get("open")
        if isinstance(number, int) and number != opened_id():
            st.query_params[OPENED] = str(number)
        elif number is not None:
            close()

    return turn
