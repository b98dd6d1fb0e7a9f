"""How many alarms there are and what becomes of them, beside what EEMUA 191 aims for."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from dashboard import context
from dashboard.pages.alarms.rows import kind_word
from dashboard.pages.linked import linked
from dashboard.words.viewer import length, number, percent, say
from detector.alarms.figures import DAY_S, HOUR_S, Figures, Point, figures
from detector.store import alarms
from detector.text import inert

DAYS, WEEK = ("1", "7", "30"), "7"
AIM_PER_HOUR = 6.0  # one in ten minutes
AIM_FLOOD = 0.01  # of the time


def show() -> None:
    """Draw the figures of the days asked for, or of as many as the store has seen."""
    days = linked("days", DAYS, _choose_days, WEEK)
    now = time.time()
    with context.engine().connect() as connection:
        start = max(now - float(days) * DAY_S, alarms.watched_since(connection) or now)
        told, still = alarms.since(connection, start), alarms.open_ones(connection)
    found = figures(told, still, start, now, operators=1)
    st.caption(say("alarms.figures_since", length=length(found.hours * HOUR_S)))
    _cards(found)
    _points(say("alarms.most_from"), found.top, say("alarms.none_at_all"))
    _points(say("alarms.chattering"), found.chattering, say("alarms.none_at_all"))


def _choose_days(key: str) -> str | None:
    return st.segmented_control(
        say("alarms.look_back"), DAYS, key=key, required=True,
        format_func=lambda one: say("common.days", n=one),
    )  # fmt: skip


def _cards(found: Figures) -> None:
    rate, wait = found.per_operator_hour or 0.0, found.mean_time_to_acknowledge_s
    said, waiting = found.verdicts, found.open_unacknowledged
    cards = [
        (say("alarms.per_hour"), number(rate, 2), _aim(rate > AIM_PER_HOUR, "alarms.aim_per_hour")),
        (say("alarms.all_alarms"), number(found.alarms), say("alarms.all_told")),
        (say("alarms.unanswered"), number(waiting), say("alarms.unanswered_told")),
        (say("alarms.time_to_ack"), "-" if wait is None else length(wait),
         say("alarms.of_alarms", n=number(found.acknowledged))),
        (say("alarms.in_flood"), percent(found.flood_share),
         _aim(found.flood_share > AIM_FLOOD, "alarms.aim_flood")),
        (say("alarms.stale"), number(len(found.stale)), say("alarms.stale_told")),
        (say("alarms.false_share"), number(said["false"]),
         say("alarms.of_verdicts", n=number(sum(said.values()) - said["none"]))),
    ]  # fmt: skip
    with st.container(horizontal=True):
        for label, value, beside in cards:
            with st.container(border=True, width=215):
                st.metric(label, value)
                st.caption(beside)


def _aim(is_over: bool, key: str) -> str:
    mark = ":material/arrow_upward: " if is_over else ":material/check: "
    return mark + say(key)


def _points(title: str, points: Sequence[Point], none: str) -> None:
    st.subheader(title, anchor=False)
    if not points:
        st.caption(none)
        return
    st.dataframe(
        [
            {
                say("common.device"): inert(one.device) or say("alarms.the_detector"),
                say("alarms.kind"): kind_word(one.kind),
                say("common.alarms"): one.alarms,
                say("alarms.share"): one.share,
            }
            for one in points
        ],
        hide_index=True,
        column_config={
            say("alarms.share"): st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1
            )
        },
    )
