"""The alarms of all devices: those that ask for an answer, those held back, what was, how many."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import context
from dashboard.live import detectors, reading
from dashboard.live.live_component import answers_watch
from dashboard.pages.alarms import detail, figures, history
from dashboard.pages.alarms.listing import draw_list, opened_id
from dashboard.pages.alarms.rows import ranked
from dashboard.pages.answering import last_refusal, tell_role
from dashboard.pages.linked import linked
from dashboard.words.viewer import no_markdown, number, say
from detector.alarms.requests import ACK
from detector.records import HELD, Alarm
from detector.store import alarms

SHOWN = 200
VIEWS = ("active", "held", "history", "figures")


def show(pages: Mapping[str, StreamlitPage]) -> None:
    """Draw the page.

    Args:
        pages: By their addresses, to link to.
    """
    with context.engine().connect() as connection:
        health = detectors.health(connection, time.time())
        revision = reading.answers(connection, health)["revision"]
        still = alarms.open_ones(connection)
        refused = last_refusal(connection)
    st.title(say("common.alarms"), anchor=False)
    if refused:
        st.warning(no_markdown(refused), icon=":material/error:")
    tell_role(ACK)
    held = [one for one in still if one.life in HELD]
    asking = [one for one in still if one.life not in HELD]
    view = linked("view", VIEWS, partial(_choose_view, len(asking), len(held)))
    opened = opened_id()
    lists, panel = st.columns([3, 2], gap="medium") if opened else (st.container(), None)
    with lists:
        _show(view, asking, held, opened)
    if panel is not None and opened is not None:
        with panel:
            detail.show(opened, pages)
    answers_watch(key="watch", data={"revision": revision}, on_revision_change=lambda: None)


def _show(view: str, asking: Sequence[Alarm], held: Sequence[Alarm], opened: int | None) -> None:
    if view == "history":
        history.show(opened)
    elif view == "figures":
        figures.show()
    else:
        few = ranked(held if view == "held" else asking)
        draw_list(view, few[:SHOWN], opened, say(f"alarms.none_{view}"))
        if len(few) > SHOWN:
            st.caption(say("alarms.more", n=number(len(few) - SHOWN)))


def _choose_view(asking: int, held: int, key: str) -> str | None:
    counts = {"active": f" ({number(asking)})", "held": f" ({number(held)})"}
    return st.segmented_control(
        say("common.alarms"), VIEWS, key=key, required=True, label_visibility="collapsed",
        format_func=lambda one: say(f"alarms.view_{one}") + counts.get(one, ""),
    )  # fmt: skip
