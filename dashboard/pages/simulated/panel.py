"""A panel for machines that are simulated: ask for a fault, see the alarm and how long it took."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import streamlit as st

from dashboard import context
from dashboard.pages.answering import issue, tell_role, why_not
from dashboard.pages.sheets import sheet
from dashboard.pages.sheets.sheet import Cell, Value, figure, table, whole
from dashboard.pages.sheets.working import plain
from dashboard.pages.simulated.delays import REFUSED, Answered, answered
from dashboard.refusals import kept, on_one_line
from dashboard.words.viewer import moment, number, say, translated
from detector.records import Alarm, Command
from detector.simulated_records import Simulated
from detector.store import alarms, commands
from detector.store.told import facts
from detector.text import inert

LOOK_AGAIN_S = 2.0
GONE_S = 20.0  # silent for so long
SECONDS, LONGEST_S = 10, 120
SHOWN = 5
ALARMS = 50


def show(device: str) -> None:
    """Draw the panel where a simulator has said lately that the device is its own.

    Args:
        device: Name of the machine.
    """
    found = _heard(device)
    if found is None:
        return
    with st.expander(say("simulated.title"), icon=":material/science:", key="simulated"):
        st.caption(say("simulated.about"))
        tell_role(commands.FAULT)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            family = st.selectbox(say("simulated.fault"), found.families, key=f"family {device}",
                                  format_func=inert)  # fmt: skip
            feature = st.selectbox(say("simulated.feature"), found.features, index=None,
                                   key=f"feature {device}", format_func=inert,
                                   placeholder=say("simulated.any"))  # fmt: skip
            severity = st.slider(say("simulated.severity"), 0.05, 1.0, 1.0, 0.05,
                                 key=f"severity {device}")  # fmt: skip
            seconds = st.slider(say("simulated.seconds"), 1, LONGEST_S, SECONDS,
                                key=f"seconds {device}")  # fmt: skip
            wanted = {"family": family, "severity": severity, "seconds": seconds,
                      "feature": feature}  # fmt: skip
            st.button(
                say("simulated.inject"), key="inject", on_click=_ask, args=(device, wanted),
                disabled=family is None or why_not(commands.FAULT) is not None,
            )  # fmt: skip
        _told(device)


def _heard(device: str) -> Simulated | None:
    found = kept(f"simulated {device}", partial(_read, device))[0]
    return found if found is not None and time.time() - found.heard_at < GONE_S else None


def _ask(device: str, value: dict[str, Any]) -> None:
    """Write the command; called before the page is drawn again."""
    issue(device, commands.FAULT, value)


@st.fragment(run_every=LOOK_AGAIN_S)
@on_one_line()
def _told(device: str) -> None:
    """What became of the newest requests."""
    found, raised, asked = kept(f"simulated {device}", partial(_read, device))
    if asked is not None:
        _say(asked)
    rows = answered(() if found is None else found.events, raised)
    sheet.draw(_table(rows[:SHOWN]))


def _read(device: str) -> tuple[Simulated | None, list[Alarm], Command | None]:
    with context.engine().connect() as connection:
        return (
            facts.simulated(connection).get(device),
            alarms.listed(connection, device, ALARMS),
            commands.latest(connection, device, commands.FAULT),
        )


def _say(asked: Command) -> None:
    if asked.outcome is None:
        st.caption(say("simulated.waiting"))
    elif asked.outcome != "applied":
        st.warning(plain(asked.outcome), icon=":material/warning:")


def _table(found: list[Answered]) -> str:
    head: list[Value] = [
        say("simulated.began"), say("simulated.fault"), say("simulated.feature"),
        figure(say("simulated.severity")), say("simulated.alarm"), figure(say("simulated.delay")),
    ]  # fmt: skip
    return table("", head, [_row(one) for one in found], say("simulated.none_yet"))


def _row(one: Answered) -> list[Value]:
    event = one.event
    if event.event == REFUSED:
        return [whole(moment(event.heard_at)), Cell("", say("simulated.refused")),
                translated(event.reason), "", "", ""]  # fmt: skip
    delay = "" if one.delay_s is None else say("common.seconds", n=number(one.delay_s, 1))
    return [whole(moment(event.heard_at)), event.family, event.axis,
            figure(number(event.severity, 2)), _alarm(one), figure(delay)]  # fmt: skip


def _alarm(one: Answered) -> str:
    if one.alarm is not None:
        return say("simulated.raised", id=one.alarm.id)
    if one.was_before:
        return say("simulated.was_before")
    return say("simulated.none_so_far" if one.ended_at is None else "simulated.not_raised")
