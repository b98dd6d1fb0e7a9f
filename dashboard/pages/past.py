"""The past of a device: a range other than live, as it is stored."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from dashboard import context
from dashboard.live.reading import Facts
from dashboard.live.states import unit_of
from dashboard.pages.features import choose_features, those_that_matter
from dashboard.pages.past_figure import DARK, LIGHT, figure
from dashboard.shell.time_range import TimeRange
from detector.store.archive.place import place_at
from detector.store.history.history import History, history
from detector.store.places import archive_place

POINTS = 2000
SIZES = {"full": "Every sample", "1s": "Seconds", "1min": "Minutes", "15min": "Quarters of an hour"}


def show_past(device: str, facts: Facts, chosen: TimeRange) -> None:
    """Draw what is stored of a range, by the device's clock.

    Args:
        device: Name of the machine.
        facts: Of the same device.
        chosen: Not live.
    """
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.subheader(device, anchor=False)
        st.button("Up to now", icon=":material/refresh:", help="Read again, up to this moment.")
    start, end = chosen.bounds(device_now(facts)) or (0.0, 1.0)
    with st.spinner("Reading what is stored …", show_time=False):
        past = _read(device, start, end)
    zone = zone_at(end, st.context.timezone)
    st.caption(told(past, zone))
    for hour in past.lost:
        st.warning(f"The archive could not be read: {hour.reason}", icon=":material/warning:")
    if not len(past):
        st.info(f"No samples of {device} are stored of this time.")
        return
    offset = zone.utcoffset(None) or timedelta()
    palette = DARK if st.context.theme.type == "dark" else LIGHT
    every = features_of(past, facts)
    shown = choose_features(device, every) or those_that_matter(every, facts.alarms)
    card = None if facts.status is None else facts.status.model
    units = {name: unit_of(card, name) for name in shown}
    made = figure(past, units, shown, offset.total_seconds(), palette)
    st.plotly_chart(made, theme=None, key="past", config={"displayModeBar": False},
                    alt=f"{device}: {told(past, zone)}")  # fmt: skip


def device_now(facts: Facts) -> float:
    """This moment by the device's clock, as far as its newest sample tells."""
    status = facts.status
    ahead = 0.0 if status is None else status.last_ts - status.last_arrival
    return time.time() + ahead


def zone_at(moment: float, name: str | None) -> timezone:
    """The viewer's offset from UTC at a moment, kept over the whole chart."""
    try:
        offset = datetime.fromtimestamp(moment, ZoneInfo(name or "UTC")).utcoffset()
    except (ZoneInfoNotFoundError, ValueError):
        offset = None
    return timezone(offset or timedelta())


def features_of(past: History, facts: Facts) -> tuple[str, ...]:
    """Those of the model first, then what else is stored of this time."""
    card = None if facts.status is None else facts.status.model
    ordered = [*(card.features if card else ()), *sorted(past.features)]
    return tuple(name for name in dict.fromkeys(ordered) if name in past.features)


def told(past: History, zone: timezone) -> str:
    """What is drawn, in one line."""
    first, last = (
        f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S}" for at in (past.start, past.end)
    )
    size = SIZES[past.tier]
    drawn = "each sample" if not past.width_s.any() else "band: smallest to largest, line: mean"
    anomalies = int(past.anomalies.sum())
    count = f"{anomalies:,} anomalies" if anomalies else "no anomaly"
    name = zone.tzname(None)
    wider = "; wider where finer ones are gone" if _is_mixed(past) else ""
    return f"{first} to {last} ({name}) · {size}{wider}: {drawn} · {count}"


def _is_mixed(past: History) -> bool:
    return len(past) > 0 and past.width_s.min() < past.width_s.max()


def _read(device: str, start: float, end: float) -> History:
    store = context.engine()
    place = place_at(archive_place(store, context.settings().store.archive))
    with store.connect() as connection:
        return history(connection, place, device, start, end, POINTS)
