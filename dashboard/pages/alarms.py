"""The alarms of all devices: those that ask for an answer, those held back, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard import context
from dashboard.pages.answering import answer, last_refusal, name_field, why_not
from dashboard.words.viewer import length, moment
from detector.alarms import requests
from detector.records import HELD, Alarm, Command, Life
from detector.store import alarms, commands, devices
from detector.text import inert

LOOK_AGAIN_S = 0.5
SHOWN, HISTORY = 20, 100
SHELVE_MINUTES = {"10 min": 10.0, "30 min": 30.0, "2 h": 120.0, "8 h": 480.0,
                  "until it is over": None}  # fmt: skip
PRIORITY = {
    "high": ":material/keyboard_double_arrow_up: high",
    "medium": ":material/keyboard_arrow_up: medium",
    "low": ":material/remove: low",
}
WORDS = {
    Life.UNACKNOWLEDGED: ":red[:material/warning:] **unacknowledged**",
    Life.ACKNOWLEDGED: ":red[:material/warning:] acknowledged",
    Life.LATCHED: ":material/lock: **latched**, its cause has gone",
    Life.RETURNED: ":material/undo: **returned**, not acknowledged",
    Life.SHELVED: ":material/schedule: shelved",
    Life.SUPPRESSED: ":material/build: in maintenance",
    Life.OUT_OF_SERVICE: ":material/block: out of service",
}
FIRST = (Life.UNACKNOWLEDGED, Life.LATCHED, Life.RETURNED, Life.ACKNOWLEDGED)
RANK = {"high": 0, "medium": 1, "low": 2}


def show() -> None:
    """Draw the page."""
    st.title("Alarms")
    with st.sidebar:
        name_field("Kept with each answer.")
    seen = _look()
    _look_again(seen)
    if not seen.is_alive:
        st.warning("The detector is stopped. Answers count once it runs.", icon=":material/pause:")
    if seen.flood:
        st.warning(f"Alarm flood: {seen.flood} alarms in the last ten minutes. People are told of "
                   "the flood, not of each.", icon=":material/flood:")  # fmt: skip
    if seen.refused:
        st.warning(seen.refused, icon=":material/error:")
    asking = sorted((one for one in seen.still if one.life not in HELD), key=_rank)
    _active(asking)
    _held([one for one in seen.still if one.life in HELD])
    _history(seen)


@dataclass(frozen=True)
class Seen:
    """All that the page shows: open alarms, the newest of all, and what the viewer is told."""

    still: list[Alarm]
    before: list[Alarm]
    comments: dict[int, list[Command]]
    is_alive: bool
    flood: int
    refused: str | None

    @property
    def shape(self) -> tuple[Any, ...]:
        """Without what changes all the time; another one is a reason to draw again."""
        rows = [
            (one.id, one.life, one.priority, one.verdict, one.cause, one.acknowledged_by)
            for one in (*self.still, *self.before)
        ]
        comments = sum(len(some) for some in self.comments.values())
        return tuple(rows), comments, self.is_alive, self.flood, self.refused


def _look() -> Seen:
    with context.engine().connect() as connection:
        health = devices.health(connection)
        return Seen(
            alarms.open_ones(connection),
            alarms.listed(connection, limit=HISTORY),
            commands.comments(connection),
            devices.is_alive(connection),
            0 if health is None else health.counters.get("flood", 0),
            last_refusal(connection),
        )


@st.fragment(run_every=LOOK_AGAIN_S)
def _look_again(seen: Seen) -> None:
    """Draw the page again when something is new; looking costs next to nothing, drawing does."""
    if _look().shape != seen.shape:
        st.rerun()


def _active(asking: Sequence[Alarm]) -> None:
    st.subheader(f"Active and not acknowledged ({len(asking)})")
    if not asking:
        st.caption("No alarm asks for an answer.")
    waiting = [one for one in asking[:SHOWN] if _may_acknowledge(one)]
    denied = why_not(requests.ACK)
    if asking and denied is not None:
        st.caption(f":material/lock: {denied}")
    if len(waiting) > 1 and denied is None:
        st.button(
            f"Acknowledge all {len(waiting)} shown", on_click=answer,
            args=(requests.ACK, waiting, {}), key="ack all",
        )  # fmt: skip
    for alarm in asking[:SHOWN]:
        _row(alarm)
    if len(asking) > SHOWN:
        st.caption(f"and {len(asking) - SHOWN} more, see `faultline alarms --open`")


def _row(alarm: Alarm) -> None:
    with st.container(border=True, key=f"alarm-{alarm.id}"):
        what, state, acknowledge, more = st.columns([5, 4, 2, 1], vertical_alignment="center")
        what.markdown(f"**{_plain(_title(alarm))}**  \n{_plain(alarm.sentence)}")
        state.markdown(f"{WORDS[Life(alarm.life)]}{_by(alarm)}  \n{_since(alarm)}")
        denied = why_not(requests.ACK)
        acknowledge.button(
            "Acknowledge", key=f"ack {alarm.id}", help=denied,
            disabled=denied is not None or not _may_acknowledge(alarm),
            on_click=answer, args=(requests.ACK, [alarm], {}), width="stretch",
        )  # fmt: skip
        with more.popover("", icon=":material/more_horiz:", help="Shelve, comment, verdict",
                          disabled=denied is not None):  # fmt: skip
            _more(alarm)


def _more(alarm: Alarm) -> None:
    key = f"{alarm.id}"
    if alarm.end is None:
        for_so_long = st.selectbox("Shelve for", list(SHELVE_MINUTES), key=f"minutes {key}")
        minutes = SHELVE_MINUTES[for_so_long]
        st.button(
            "Shelve", key=f"shelve {key}", on_click=answer,
            args=(requests.SHELVE, [alarm], {"minutes": minutes}),
        )  # fmt: skip
    text = st.text_input("Comment or cause", key=f"text {key}", max_chars=requests.LONGEST_TEXT)
    said = {"why": text}
    st.button(
        "Comment", key=f"comment {key}", on_click=answer, args=(requests.COMMENT, [alarm], said)
    )
    for verdict, word in (("real", "Real"), ("false", "False alarm"), ("known", "Known work")):
        st.button(
            word, key=f"{verdict} {key}", on_click=answer,
            args=(requests.VERDICT, [alarm], {"why": text or word, "verdict": verdict}),
        )  # fmt: skip


def _held(held: Sequence[Alarm]) -> None:
    st.subheader(f"Held back ({len(held)})")
    if not held:
        st.caption("No active alarm is shelved, in maintenance or out of service.")
    for alarm in held[:SHOWN]:
        with st.container(border=True, key=f"held-{alarm.id}"):
            what, state, button = st.columns([5, 4, 3], vertical_alignment="center")
            what.markdown(f"**{_plain(_title(alarm))}**  \n{_plain(alarm.sentence)}")
            state.markdown(f"{WORDS[Life(alarm.life)]}  \n{_since(alarm)}")
            if alarm.life == Life.SHELVED.value:
                button.button(
                    "Unshelve", key=f"unshelve {alarm.id}", on_click=answer,
                    args=(requests.UNSHELVE, [alarm], {}), width="stretch",
                )  # fmt: skip


def _history(seen: Seen) -> None:
    st.subheader("History")
    if not seen.before:
        st.caption("No alarm was raised yet.")
        return
    st.dataframe(
        [_past(alarm, seen.comments.get(alarm.id or 0, [])) for alarm in seen.before],
        hide_index=True,
        key="history",
    )


def _past(alarm: Alarm, comments: Sequence[Command]) -> dict[str, Any]:
    return {
        "Id": alarm.id,
        "Device": _device(alarm),
        "Kind": alarm.kind,
        "State": alarm.life,
        "Priority": alarm.priority,
        "Start": moment(alarm.start),
        "Duration": "ongoing" if alarm.end is None else length(alarm.end - alarm.start),
        "Ended by": alarm.ended_by or "",
        "What": alarm.sentence,
        "Acknowledged by": alarm.acknowledged_by or "",
        "Verdict": ": ".join(filter(None, (alarm.verdict, alarm.cause))),
        "Comments": "; ".join(f"{one.who}: {one.value['why']}" for one in comments),
    }


def _title(alarm: Alarm) -> str:
    kind = "" if alarm.kind == "score" else f", {alarm.kind}"
    return f"{_device(alarm)}{kind}, alarm {alarm.id}"


def _device(alarm: Alarm) -> str:
    return inert(alarm.device) or "The detector"


def _plain(text: str) -> str:
    """Text from devices, of which nothing is Markdown."""
    return "".join(f"\\{mark}" if mark in "\\`*_{}[]()<>#+-.!|~:$" else mark for mark in text)


def _by(alarm: Alarm) -> str:
    return f" by {_plain(alarm.acknowledged_by)}" if alarm.acknowledged_by else ""


def _since(alarm: Alarm) -> str:
    return f"{PRIORITY[alarm.priority]} priority, since {moment(alarm.start)[11:]}"


def _rank(alarm: Alarm) -> tuple[int, int, int]:
    return FIRST.index(Life(alarm.life)), RANK[alarm.priority], -(alarm.id or 0)


def _may_acknowledge(alarm: Alarm) -> bool:
    return alarm.life in {Life.UNACKNOWLEDGED, Life.RETURNED, Life.LATCHED}
