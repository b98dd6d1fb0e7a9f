"""The alarms of all devices: those that ask for an answer, those held back, what was, how many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard import context
from dashboard.live import reading
from dashboard.live.live_component import alarm_list, answers_watch
from dashboard.pages.alarms import detail, figures, history
from dashboard.pages.alarms.rows import ranked, row
from dashboard.pages.answering import ANONYMOUS, answer_numbers, last_refusal
from dashboard.words.viewer import length, number, say
from detector.alarms import requests
from detector.records import HELD, Alarm
from detector.store import alarms, commands, devices
from detector.store.schema import Connection

SHOWN = 200
SHELVE_MINUTES = (10.0, 30.0, 120.0, 480.0)
VIEWS = ("active", "held", "history", "figures")
MAY = (requests.ACK, requests.SHELVE, requests.UNSHELVE, requests.COMMENT, requests.VERDICT)


def show() -> None:
    """Draw the page."""
    with context.engine().connect() as connection:
        health = reading.health_facts(devices.health(connection), 0.0)
        revision = reading.answers(connection, health)["revision"]
        still = alarms.open_ones(connection)
        refused = last_refusal(connection)
    st.title(say("common.alarms"), anchor=False)
    _sidebar(revision)
    _notices(health, refused)
    held = [one for one in still if one.life in HELD]
    asking = [one for one in still if one.life not in HELD]
    view = _choose_view(len(asking), len(held))
    opened = opened_id()
    lists, panel = st.columns([3, 2], gap="medium") if opened else (st.container(), None)
    with lists:
        _show(view, asking, held, opened)
    if panel is not None and opened is not None:
        with panel:
            detail.show(opened, close)


def opened_id() -> int | None:
    """The alarm that the link names; None: none, or what is no number."""
    text = st.query_params.get("alarm", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def close() -> None:
    """Close the panel of an alarm."""
    st.query_params.pop("alarm", None)


def _show(
    view: str, asking: Sequence[Alarm], held: Sequence[Alarm], opened: int | None
) -> None:
    if view == "history":
        history.show(opened, draw_list)
    elif view == "figures":
        figures.show()
    else:
        few = ranked(held if view == "held" else asking)
        draw_list(view, few[:SHOWN], opened, say(f"alarms.none_{view}"))
        if len(few) > SHOWN:
            st.caption(say("alarms.more", n=len(few) - SHOWN))


def draw_list(view: str, few: Sequence[Alarm], opened: int | None, none: str) -> None:
    """The rows that may be answered, several at once.

    Args:
        view: Each keeps a selection of its own.
        few: In the order they are shown.
        opened: The alarm whose panel is open.
        none: What is said where there is no row.
    """
    with context.engine().connect() as connection:
        said = commands.comment_counts(connection, [one.id or 0 for one in few])
    key = f"alarm list {view}"
    alarm_list(
        key=key,
        data={
            "rows": [row(one, said.get(one.id or 0, 0)) for one in few],
            "opened": opened, "none": none,
            "shelves": [[minutes, length(minutes * 60)] for minutes in SHELVE_MINUTES],
        },
        on_asked_change=_answered(key), on_open_change=_opened(key),
    )  # fmt: skip


def _answered(key: str) -> Callable[[], None]:
    """Writes what the list asks for as one command; the detector checks it and answers."""

    def write() -> None:
        asked: dict[str, Any] = dict(st.session_state[key].asked or {})
        kind, ids, value = asked.get("kind"), asked.get("alarms"), asked.get("value")
        if kind in MAY and isinstance(ids, list) and isinstance(value, dict):
            answer_numbers(str(kind), [int(one) for one in ids], value)

    return write


def _opened(key: str) -> Callable[[], None]:
    def turn() -> None:
        number_ = st.session_state[key].open
        if number_ is not None:
            st.query_params["alarm"] = str(int(number_))

    return turn


def _sidebar(revision: str) -> None:
    with st.sidebar:
        st.text_input(
            say("alarms.your_name"), key="who", persist_state="session",
            max_chars=requests.LONGEST_NAME, placeholder=ANONYMOUS, help=say("alarms.name_help"),
        )  # fmt: skip
        st.caption(say("alarms.keys"))
        answers_watch(
            key="watch", data={"revision": revision}, on_revision_change=lambda: None
        )


def _notices(health: dict[str, Any], refused: str | None) -> None:
    if not health["alive"]:
        st.warning(say("alarms.detector_stopped"), icon=":material/pause:")
    if health["flood"]:
        st.warning(say("alarms.flood", n=health["flood"]), icon=":material/flood:")
    if refused:
        st.warning(refused, icon=":material/error:")


def _choose_view(asking: int, held: int) -> str:
    counts = {"active": f" ({number(asking)})", "held": f" ({number(held)})"}
    chosen = st.segmented_control(
        say("common.alarms"), VIEWS, key="view", bind="query-params", default=VIEWS[0],
        required=True, label_visibility="collapsed",
        format_func=lambda one: say(f"alarms.view_{one}") + counts.get(one, ""),
    )  # fmt: skip
    return chosen or VIEWS[0]


def _unused(connection: Connection) -> None: ...
