"""A preview as the page shows it: a sentence, three counts, a picture, and what it rests on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard.pages.panels.palette import DARK, LIGHT, Palette
from dashboard.pages.tuning.picture import TRIED, Lane, figure
from dashboard.pages.tuning.preview import PreviewError, preview
from dashboard.pages.tuning.values import Values
from dashboard.shell.time_range import choose_range
from dashboard.words.viewer import length, moment, no_markdown, number, say, translated, zone
from detector.records import DeviceStatus

LOOK_BACK_S = 86_400.0  # where no range of time is chosen
MINUTE_S = 60.0
LOOK_AGAIN_S = 5.0
HOURS = 72
TODAY, ASKED = 0, 1  # of the outcomes


def show_preview(status: DeviceStatus, now: Values, tried: Values) -> None:
    """Replay the chosen range, or the last day, and say what came of it.

    Args:
        status: Of the device.
        now: In force.
        tried: By the viewer.
    """
    start, end = stretch(status, time.time())
    waiting = st.empty()  # drawn again it lets a newer run begin
    try:
        with st.spinner(say("tuning.replaying")):
            found = preview(status.device, start, end, now, tried, waiting.empty)
    except PreviewError as error:
        st.info(no_markdown(say("tuning.no_preview", reason=translated(str(error)))))
        _try_again(status, end)
        return
    st.markdown(f"**{no_markdown(sentence(found, is_tried=tried != now))}**")
    _cards(found, is_tried=tried != now)
    palette, theme = (DARK, "dark") if st.context.theme.type == "dark" else (LIGHT, "light")
    lines = [(now.threshold, palette.faint, "dash")]
    lines += [(tried.threshold, TRIED[theme], "solid")] if tried != now else []
    offset = datetime.fromtimestamp(end, zone()).utcoffset()
    made = figure(
        found, _lanes(found, palette, TRIED[theme], is_tried=tried != now), lines,
        offset.total_seconds() if offset else 0.0, palette,
    )  # fmt: skip
    st.plotly_chart(made, theme=None, key="tuning picture", config={"displayModeBar": False},
                    alt=say("tuning.picture", device=status.device))  # fmt: skip
    st.caption(no_markdown(_rests_on(found)))


@st.fragment(run_every=LOOK_AGAIN_S)
def _try_again(status: DeviceStatus, end: float) -> None:
    """A page that was opened too early for its device shows the preview by itself."""
    if stretch(status, time.time())[1] > end:
        st.rerun()


def stretch(status: DeviceStatus, clock: float) -> tuple[float, float]:
    """From when to when, by the device's clock; the end moves once a minute.

    Args:
        status: Of the device.
        clock: This moment.
    """
    now = (clock + status.last_ts - status.last_arrival) // MINUTE_S * MINUTE_S
    return choose_range().bounds(now) or (now - LOOK_BACK_S, now)


def sentence(found: Mapping[str, Any], *, is_tried: bool) -> str:
    """What it comes to, in the viewer's language."""
    outcome = found["outcomes"][ASKED if is_tried else TODAY]
    missed = len(outcome["missed"])
    count = len(outcome["raised"])
    said = say(
        "tuning.would", n=count, count=number(count), length=_span(found["end"] - found["start"])
    )
    of_false = say("tuning.of_false", n=number(outcome["by_verdict"].get("false", 0)))
    of_real = say("tuning.would_miss", n=missed, count=number(missed))
    return f"{said} {of_false} {of_real}"


def _span(seconds: float) -> str:
    """Whole hours of up to three days, as people say them: ``24 h``."""
    hours, rest = divmod(round(seconds), 3600)
    return say("common.hours", n=hours) if 0 < hours <= HOURS and not rest else length(seconds)


def _cards(found: Mapping[str, Any], *, is_tried: bool) -> None:
    recorded = found["recorded"]
    marked = [sum(one["verdict"] == word for one in recorded) for word in ("false", "real")]
    told = say("tuning.marked", false=number(marked[0]), real=number(marked[1]))
    cards = [(say("tuning.raised"), len(recorded), told)]
    cards += [_card(say("tuning.today"), found["outcomes"][TODAY])]
    cards += [_card(say("tuning.tried"), found["outcomes"][ASKED])] if is_tried else []
    with st.container(horizontal=True):
        for label, count, beside in cards:
            with st.container(border=True, width=190):
                st.metric(label, number(count))
                st.caption(beside)


def _card(label: str, outcome: Mapping[str, Any]) -> tuple[str, int, str]:
    words = say(
        "tuning.outcome", false=number(outcome["by_verdict"].get("false", 0)),
        missed=number(len(outcome["missed"])), length=length(outcome["active_s"]),
    )  # fmt: skip
    return label, len(outcome["raised"]), words


def _lanes(found: Mapping[str, Any], palette: Palette, tried: str, *, is_tried: bool) -> list[Lane]:
    recorded = [(one["start"], one["end"]) for one in found["recorded"]]
    outcomes = [[(one["start"], one["end"]) for one in outcome["raised"]]
                for outcome in found["outcomes"]]  # fmt: skip
    lanes = [
        Lane(say("tuning.raised"), recorded, palette.anomaly),
        Lane(say("tuning.today"), outcomes[TODAY], palette.faint),
        Lane(say("tuning.tried"), outcomes[ASKED], tried),
    ]
    return lanes if is_tried else lanes[:2]


def _rests_on(found: Mapping[str, Any]) -> str:
    """Which scores, and what of them was replayed."""
    bases = {outcome["basis"] for outcome in found["outcomes"]}
    basis = say("tuning.from_seconds") if "seconds" in bases else say("tuning.from_samples")
    lost = say("tuning.lost", n=number(found["lost"])) if found["lost"] else ""
    told = say("tuning.rests_on", n=number(found["samples"]), start=moment(found["start"]),
               end=moment(found["end"]))  # fmt: skip
    return " ".join(filter(None, (told, basis, lost)))
