"""Threshold and delays of a device, with what others would have meant over a stored time."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st

from dashboard import context
from dashboard.live import detectors, reading
from dashboard.live.live_component import answers_watch
from dashboard.pages.answering import issue, last_refusal, tell_role, why_not
from dashboard.pages.linked import linked
from dashboard.pages.tuning.audit import KINDS, LOOKED_AT, show_audit
from dashboard.pages.tuning.shown import show_preview
from dashboard.pages.tuning.values import Values, choose, in_force
from dashboard.words.viewer import no_markdown, say
from detector.records import DeviceStatus
from detector.store import commands, devices
from detector.store.commands import DELAYS, THRESHOLD
from detector.text import inert

LONGEST_WHY = 1000


def show() -> None:
    """Draw the page."""
    with context.engine().connect() as connection:
        known = [one for one in devices.every(connection) if one.model is not None]
        health = detectors.health(connection, time.time())
        revision = reading.answers(connection, health)["revision"]
        refused = last_refusal(connection)
    st.title(say("tuning.title"), anchor=False)
    tell_role(THRESHOLD)
    answers_watch(key="watch", data={"revision": revision}, on_revision_change=lambda: None)
    if not known:
        st.info(say("tuning.no_device"))
        return
    if refused:
        st.warning(no_markdown(refused), icon=":material/error:")
    _tune(_choose_device(known))


def _choose_device(known: list[DeviceStatus]) -> DeviceStatus:
    """That of the link, else the one that was looked at last."""
    by_name = {status.device: status for status in known}
    names = sorted(by_name)
    last = st.session_state.get("device")
    asked = st.query_params.get("device")
    if asked is None and last in by_name:
        st.query_params["device"] = str(last)
    if asked is not None and asked not in by_name:
        st.info(no_markdown(say("tuning.not_scored", device=inert(asked))))
    chosen = linked("device", names, partial(_select_device, names))
    st.session_state["device"] = st.query_params["device"] = chosen
    return by_name[chosen]


def _select_device(names: list[str], key: str) -> str | None:
    return st.selectbox(say("common.device"), names, key=key, format_func=inert, width=340)


def _tune(status: DeviceStatus) -> None:
    with context.engine().connect() as connection:
        now = in_force(connection, status)
        said = commands.of_device(connection, status.device, KINDS, LOOKED_AT)
    controls, seen = st.columns([2, 3], gap="large")
    with st.container():
        show_audit(status.device, said)
    with controls:
        tried = choose(status.device, now)
        if tried.k > tried.n:
            st.warning(say("tuning.k_above_n", k=tried.k, n=tried.n), icon=":material/error:")
        else:
            _apply(status.device, now, tried)
    with seen:
        if tried.k <= tried.n:
            show_preview(status, now, tried)  # the last, for it takes a while


def _apply(device: str, now: Values, tried: Values) -> None:
    key = f"tuning why {device}"
    st.text_input(say("tuning.why"), key=key, max_chars=LONGEST_WHY,
                  placeholder=say("tuning.why_for_whom"))  # fmt: skip
    st.button(
        say("tuning.apply"), type="primary", on_click=_issue,
        disabled=tried == now or why_not(THRESHOLD) is not None,
        args=(device, now, tried, key), help=say("tuning.apply_help"),
    )  # fmt: skip


def _issue(device: str, now: Values, tried: Values, key: str) -> None:
    """Write what has changed as commands; called before the page is drawn again."""
    why = str(st.session_state.get(key) or "").strip() or None
    if tried.threshold != now.threshold:
        issue(device, THRESHOLD, {"threshold": tried.threshold, "why": why})
    if tried.delays != now.delays:
        issue(device, DELAYS, {"delays": tried.delays, "why": why})
    st.session_state[key] = ""
