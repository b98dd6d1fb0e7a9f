"""What was: alarms of the chosen range, by device, kind and verdict, a page at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import context
from dashboard.pages.alarms.listing import draw_list
from dashboard.pages.alarms.rows import kind_word
from dashboard.pages.linked import linked
from dashboard.shell.time_range import choose_range
from dashboard.words.viewer import moment, number, say
from detector.alarms.requests import VERDICTS
from detector.store import alarms, devices
from detector.store.alarms import Wanted
from detector.text import inert

ANY = "any"
KINDS = (ANY, "score", "sensor", "silent", "detector", "provisional", "drift")
WORDS = (ANY, *VERDICTS, "none")
ON_A_PAGE = 50


def show(opened: int | None) -> None:
    """Draw the filters and a page of what fits them.

    Args:
        opened: The alarm whose panel is open.
    """
    wanted = _choose()
    with context.engine().connect() as connection:
        count = alarms.count_of(connection, wanted)
    pages = max(1, -(-count // ON_A_PAGE))
    told = st.empty()
    page = st.pagination(pages, key=f"history page {wanted}") if pages > 1 else 1
    with context.engine().connect() as connection:
        few = alarms.page_of(connection, wanted, ON_A_PAGE, (page - 1) * ON_A_PAGE)
    told.caption(_told(wanted, count))
    draw_list("history", few, opened, say("alarms.none_history"))


def _choose() -> Wanted:
    with context.engine().connect() as connection:
        names = [status.device for status in devices.every(connection)]
    places = st.columns(3)
    asked = [
        ("device", "of", (ANY, *names), say("common.device"), _name),
        ("kind", "kind", KINDS, say("alarms.kind"), _kind),
        ("verdict", "verdict", WORDS, say("alarms.verdict"), _verdict),
    ]
    chosen = {}
    for place, (field, link, options, label, word) in zip(places, asked, strict=True):
        with place:
            one = linked(link, options, partial(_select, label, options, word))
        chosen[field] = None if one == ANY else one
    start, end = choose_range().bounds(time.time()) or (None, None)
    return Wanted(**chosen, start=start, end=end)


def _select(
    label: str, options: tuple[str, ...], word: Callable[[str], str], key: str
) -> str | None:
    return st.selectbox(label, options, key=key, format_func=word)


def _name(device: str) -> str:
    return say("alarms.any_device") if device == ANY else inert(device)


def _kind(kind: str) -> str:
    return say("alarms.any_kind") if kind == ANY else kind_word(kind)


def _verdict(verdict: str) -> str:
    return say("alarms.any_verdict") if verdict == ANY else say(f"alarms.verdict_{verdict}")


def _told(wanted: Wanted, count: int) -> str:
    if wanted.start is None or wanted.end is None:
        return say("alarms.count_ever", n=number(count))
    times = {"start": moment(wanted.start), "end": moment(wanted.end)}
    return say("alarms.count_in", n=number(count), **times)
