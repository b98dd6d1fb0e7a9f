"""One device: the live chart, the threshold and the recent alarms."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard import context
from dashboard.live import reading, states
from dashboard.live.live_component import device_chart
from dashboard.pages.features import choose_features
from dashboard.pages.notes import show_refusal, write_note
from dashboard.pages.panels.model import show_model
from dashboard.pages.simulated import panel as simulated
from dashboard.pages.threshold import threshold_control
from dashboard.refusals import kept, on_one_line
from dashboard.shell.time_range import TimeRange, as_link, choose_range, keep
from dashboard.words.viewer import length, moment, number, percent, say
from detector.records import Alarm, DeviceStatus
from detector.store import devices
from detector.text import inert

WINDOWS: dict[str, float | None] = {
    "Auto": None,
    "10 s": 10.0,
    "30 s": 30.0,
    "1 min": 60.0,
    "5 min": 300.0,
    "20 min": 1200.0,
}
LOOK_AGAIN_S = 2.0
BEHIND = "clock_offset_ms"  # how far the device's clock is behind
PAUSED = "paused"  # in the link, where the chart stands still
_REVISED, _MOVED = "chart revised", "chart moved"
_OWN, _TURN = "chart stands still", "chart went live"
SPECTROGRAM_HZ, WAVEFORM_HZ = 50.0, 500.0  # rates from which on the panels are there


def show() -> None:
    """Draw the page."""
    known = kept("devices", _known)
    device = _choose_device(known)
    if device is None:
        _wait_for_a_device()
        return
    facts = kept(f"facts {device}", partial(_facts, device))
    asked = asked_range(choose_range())
    window = st.sidebar.selectbox(
        say("device.window"),
        list(WINDOWS),
        key="window",
        bind="query-params",
        help=say("device.window_help"),
    )
    card = None if facts.status is None else facts.status.model
    chosen = choose_features(device, card.features if card else ())
    threshold_control(device, facts)
    data = {
        "device": device,
        "window_s": WINDOWS.get(window or "Auto"),
        "chosen": chosen,
        "revision": facts.revision,
        "command": _pending(facts),
        "asked": asked,
        "turn": _turn(asked),
        "behind_ms": 0 if facts.status is None else facts.status.counters.get(BEHIND, 0),
    }
    _chart(device, data)
    simulated.show(device)
    _panels(device, facts)


def _known() -> list[DeviceStatus]:
    with context.engine().connect() as connection:
        return devices.every(connection)


def _facts(device: str) -> reading.Facts:
    with context.engine().connect() as connection:
        return reading.device_facts(connection, device)


def asked_range(chosen: TimeRange) -> dict[str, float | None] | None:
    """What the chart is to show: ``last_s``, or ``from`` and ``to`` (None: now); None: live."""
    if chosen.is_live:
        return None
    if chosen.last_s is not None:
        return {"last_s": chosen.last_s}
    return {"from": chosen.start, "to": chosen.end}


@st.fragment
@on_one_line()
def _chart(device: str, data: dict[str, Any]) -> None:
    """The chart; what it says runs this part of the page alone."""
    said = device_chart(
        key="live",
        data=data,
        on_revision_change=_changed,
        on_shown_change=_moved,
        on_note_change=lambda: None,
    )
    if st.session_state.pop(_REVISED, False):
        st.rerun()
    if st.session_state.pop(_MOVED, False):
        _link(said.shown)
    if said.note:
        write_note(device, said.note)
    show_refusal()


def _changed() -> None:
    st.session_state[_REVISED] = True


def _moved() -> None:
    st.session_state[_MOVED] = True


def _link(shown: Mapping[str, Any] | None) -> None:
    """The range that was chosen in the chart becomes that of the link and of the other pages."""
    if not shown or "follows" in shown:
        return
    is_still = "from" in shown
    st.session_state[_OWN] = is_still
    keep(as_link(shown["from"], shown["to"]) if is_still else {})
    if is_still:
        st.query_params[PAUSED] = "1"
    elif PAUSED in st.query_params:
        del st.query_params[PAUSED]


def _turn(asked: Mapping[str, float | None] | None) -> int:
    """Another number where the chart is to go live again, though nothing else has changed."""
    if asked is None and st.session_state.pop(_OWN, False):
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    return int(st.session_state.get(_TURN, 0))


def _panels(device: str, facts: reading.Facts) -> None:
    """Below the chart: what few look at, and what takes scipy."""
    rate_hz = None if facts.status is None else facts.status.rate_hz
    if rate_hz is not None and rate_hz >= SPECTROGRAM_HZ:
        from dashboard.pages.panels.spectrogram import show_spectrogram  # noqa: PLC0415 -- scipy

        if rate_hz >= WAVEFORM_HZ:
            from dashboard.pages.panels.spectrum import show_spectrum  # noqa: PLC0415

            show_spectrum(device, facts.alarms)
        show_spectrogram(device, facts)
    show_model(device, facts)
    _recent_alarms(facts.alarms)


@st.fragment(run_every=LOOK_AGAIN_S)
@on_one_line()
def _wait_for_a_device() -> None:
    """A page opened before the first sample shows the first device by itself."""
    if kept("devices", _known):
        st.rerun()
    st.info(say("device.none_yet"))


def _choose_device(known: Sequence[DeviceStatus]) -> str | None:
    """The device of the URL, else the one that needs a look most; None when there is none."""
    names = sorted(status.device for status in known)
    asked = st.session_state.get("device") or st.query_params.get("device")
    if asked is None and known:
        stale_s = context.settings().dashboard.stale_s
        asked = states.worst_first(list(known), time.time(), stale_s)[0].device
    if asked is None:
        return None
    st.session_state["device"] = asked
    options = names if asked in names else [*names, asked]
    device = st.sidebar.selectbox(
        say("common.device"), options, key="device", persist_state="session", format_func=inert
    )
    if st.query_params.get("device") != device:
        st.query_params["device"] = device
    return device


def _pending(facts: reading.Facts) -> dict[str, Any] | None:
    """The operator's newest threshold while the detector has not answered it."""
    command = facts.command
    if command is None or command.applied_at is not None or command.value["threshold"] is None:
        return None
    return {"id": command.id, "threshold": command.value["threshold"]}


def _recent_alarms(alarms: Sequence[Alarm]) -> None:
    with st.expander(say("device.recent_alarms", n=len(alarms)), icon=":material/history:"):
        if not alarms:
            st.caption(say("device.no_alarm_yet"))
            return
        st.dataframe([_row(alarm) for alarm in alarms], hide_index=True)


def _row(alarm: Alarm) -> dict[str, Any]:
    shares = sorted(alarm.contributions.items(), key=lambda item: -item[1])
    is_over = alarm.end is not None
    row = {
        "id": alarm.id,
        "state": say(f"device.life_{alarm.life.replace('-', '_')}"),
        "kind": alarm.kind,
        "priority": say(f"device.priority_{alarm.priority}"),
        "start": moment(alarm.start),
        "duration": length((alarm.end or 0.0) - alarm.start) if is_over else say("device.ongoing"),
        "peak": number(alarm.peak_score, 2),
        "threshold": number(alarm.threshold, 2),
        "contributions": ", ".join(f"{name} {percent(share)}" for name, share in shares[:3]),
        "model": alarm.model,
    }
    return {say(f"device.column_{name}"): value for name, value in row.items()}
