"""One alarm: what it was, its flight record, what is like it, and all that was said."""

from __future__ import annotations

import time
from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import context
from dashboard.live.columns import those_that_matter
from dashboard.live.live_component import alarm_record
from dashboard.live.states import unit_of
from dashboard.pages.alarms.listing import OPENED, close
from dashboard.pages.alarms.moments import moments_of
from dashboard.pages.alarms.rows import device_of, state, title, verdict, what
from dashboard.pages.alarms.similar import Match, similar
from dashboard.shell.time_range import as_link
from dashboard.words.viewer import length, moment, no_markdown, percent, say, translated
from detector.errors import StoreError
from detector.flights.gathering import gathered
from detector.records import Alarm, Command
from detector.store import alarms, commands, devices
from detector.store.archive import flights
from detector.store.archive.flights import Flight
from detector.store.places import archive_place
from detector.text import inert

EARLIER = 500  # alarms of the same device, and as many of others
PIECES = 3  # of a record that is not written yet


def show(number_: int, pages: Mapping[str, StreamlitPage]) -> None:
    """Draw the panel.

    Args:
        number_: Of the alarm, which may be gone or never have been.
        pages: By their addresses, to link to the device.
    """
    with context.engine().connect() as connection:
        alarm = alarms.one(connection, number_)
        said = commands.about(connection, number_)
        earlier = [] if alarm is None else alarms.earlier(connection, alarm, EARLIER)
    with st.container(border=True, key="alarm-panel"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(say("alarms.alarm", id=number_), anchor=False)
            st.space("stretch")
            st.button("", icon=":material/close:", help=say("alarms.close"), on_click=close,
                      key="close alarm", type="tertiary")  # fmt: skip
        if alarm is None:
            st.info(say("alarms.no_such", id=number_))
            return
        _facts(alarm)
        _link(alarm, pages)
        _record(alarm)
        _similar(alarm, similar(alarm, earlier))
        _said(alarm, said)


def _facts(alarm: Alarm) -> None:
    st.markdown(f"**{no_markdown(title(alarm))}**  \n{no_markdown(what(alarm))}")
    span_s = (time.time() if alarm.end is None else alarm.end) - alarm.start
    over = say("alarms.so_far") if alarm.end is None else say(f"alarms.ended_{alarm.ended_by}")
    facts = [
        (say("alarms.state"), state(alarm)),
        (say("alarms.priority"), say(f"alarms.priority_{alarm.priority}")),
        (say("alarms.since"), moment(alarm.start)),
        (say("alarms.length"), f"{length(max(span_s, 0.0))} {over}"),
    ]
    if alarm.verdict is not None:
        facts.append((say("alarms.verdict"), verdict(alarm)))
    if alarm.model:
        facts.append((say("alarms.model"), inert(alarm.model)))
    st.markdown("  \n".join(f":gray[{label}] {no_markdown(text)}" for label, text in facts))


def _link(alarm: Alarm, pages: Mapping[str, StreamlitPage]) -> None:
    """To the device, over the minutes around the alarm."""
    if alarm.device:
        stretch = as_link(alarm.start - 60, (alarm.end or alarm.start) + 120)
        st.page_link(
            pages["device"], label=say("alarms.to_device"), icon=":material/show_chart:",
            query_params={"device": alarm.device, **stretch},
        )  # fmt: skip


def _record(alarm: Alarm) -> None:
    """The chart with its slider, from the record or from what is stored still."""
    if not alarm.device:
        return
    try:
        flight = _flight(alarm)
    except StoreError as error:
        st.warning(no_markdown(str(error)), icon=":material/warning:")
        return
    if not len(flight.ts):
        st.caption(say("alarms.no_record"))
        return
    shown = those_that_matter(flight.note.features, [alarm])
    with context.engine().connect() as connection:
        status = devices.one(connection, alarm.device)
    card = None if status is None else status.model
    data = moments_of(flight, alarm, shown)
    for feature in data["features"]:
        feature["unit"] = unit_of(card, feature["name"])
    alarm_record(key=f"record {alarm.id}", data={"alarm": alarm.id, **data})


def _flight(alarm: Alarm) -> Flight:
    store = context.engine()
    place = archive_place(store, context.settings().store.archive)
    record = flights.find(place, alarm.id or 0)
    if record is not None and not flights.is_of(record, alarm):
        record = None  # of another store
    if record is not None and record.note.end is not None:
        return record
    with store.connect() as connection:
        status = devices.one(connection, alarm.device)
    newest = None if status is None else status.last_ts
    return gathered(store, place, alarm, record, newest=newest, most=PIECES)[0]


def _similar(alarm: Alarm, found: list[Match]) -> None:
    st.markdown(f"**{say('alarms.before')}**")
    if not found:
        st.caption(say("alarms.nothing_alike"))
    for match in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                say("alarms.alarm", id=match.alarm.id), key=f"like {match.alarm.id}",
                type="tertiary", on_click=_open, args=(match.alarm.id,),
            )  # fmt: skip
            st.markdown(_match(alarm, match))


def _match(alarm: Alarm, match: Match) -> str:
    one = match.alarm
    word = say("alarms.no_verdict") if one.verdict is None else verdict(one)
    whose = say("alarms.same_device") if one.device == alarm.device else device_of(one)
    beside = (whose, moment(one.start), say("alarms.alike", share=percent(match.alike)))
    return f"**{no_markdown(word)}**  \n:gray[{no_markdown(' · '.join(beside))}]"


def _open(number_: int) -> None:
    st.query_params[OPENED] = str(number_)


def _said(alarm: Alarm, said: list[Command]) -> None:
    """All that people said, in order, with what was refused."""
    st.markdown(f"**{say('alarms.said')}**")
    lines = [say("alarms.raised_at", at=moment(alarm.raised_at))] if alarm.raised_at else []
    lines += [_line(command) for command in said]
    if not lines:
        st.caption(say("alarms.nothing_said"))
    st.markdown("  \n".join(no_markdown(line) for line in lines))


def _line(command: Command) -> str:
    word = say(f"alarms.said_{command.kind.replace('-', '_')}")
    if command.kind == "shelve" and command.value.get("minutes"):
        word = say("alarms.shelved_for", length=length(command.value["minutes"] * 60))
    if command.kind == "verdict":
        judged = command.value.get("verdict")
        word = f"{word}: {say(f'alarms.verdict_{judged}')}"
    why = command.value.get("why")
    text = f": {inert(str(why))}" if why else ""
    outcome = command.outcome or say("alarms.waits")
    refused = "" if outcome == "applied" else f" ({inert(translated(outcome))})"
    who = inert(command.who)
    return f"{moment(command.issued_at)} · {who} · {word}{text}{refused}"
