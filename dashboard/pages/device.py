"""One device: the live chart, the threshold and the recent alarms."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard import context
from dashboard.live import reading, states
from dashboard.live.live_component import device_chart
from dashboard.pages.features import choose_features
from dashboard.pages.past import show_past
from dashboard.pages.simulated import panel as simulated
from dashboard.pages.threshold import threshold_control
from dashboard.shell.time_range import choose_range
from dashboard.words.viewer import length
from detector.records import Alarm, DeviceStatus
from detector.store import devices

WINDOWS: dict[str, float | None] = {
    "Auto": None,
    "10 s": 10.0,
    "30 s": 30.0,
    "1 min": 60.0,
    "5 min": 300.0,
    "20 min": 1200.0,
}
LOOK_AGAIN_S = 2.0
WAVEFORM_HZ = 500.0


def show() -> None:
    """Draw the page."""
    with context.engine().connect() as connection:
        known = devices.every(connection)
    device = _choose_device(known)
    if device is None:
        _wait_for_a_device()
        return
    with context.engine().connect() as connection:
        facts = reading.device_facts(connection, device)
    chosen = choose_range()
    if chosen.is_live:
        _show_live(device, facts)
    else:
        threshold_control(device, facts)
        show_past(device, facts, chosen)
    simulated.show(device)
    _show_spectrum(device, facts)
    _recent_alarms(facts.alarms)


def _show_spectrum(device: str, facts: reading.Facts) -> None:
    """Of a device that sends a waveform; the chart above shows all there is of a slower one."""
    rate_hz = None if facts.status is None else facts.status.rate_hz
    if rate_hz is not None and rate_hz >= WAVEFORM_HZ:
        from dashboard.pages.spectrum import show_spectrum  # noqa: PLC0415 -- few need scipy

        show_spectrum(device, facts.alarms)


def _show_live(device: str, facts: reading.Facts) -> None:
    window = st.sidebar.selectbox(
        "Time window",
        list(WINDOWS),
        key="window",
        bind="query-params",
        help="Device time on the live chart. Auto shows at least 600 samples.",
    )
    card = None if facts.status is None else facts.status.model
    chosen = choose_features(device, card.features if card else ())
    threshold_control(device, facts)
    device_chart(
        key="live",
        data={
            "device": device,
            "window_s": WINDOWS.get(window or "Auto"),
            "chosen": chosen,
            "revision": facts.revision,
            "command": _pending(facts),
        },
        on_revision_change=lambda: None,
    )


@st.fragment(run_every=LOOK_AGAIN_S)
def _wait_for_a_device() -> None:
    """A page opened before the first sample shows the first device by itself."""
    with context.engine().connect() as connection:
        if devices.every(connection):
            st.rerun()
    st.info("No device has been seen yet. The overview says what to do.")


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
    device = st.sidebar.selectbox("Device", options, key="device", persist_state="session")
    st.query_params["device"] = device
    return device


def _pending(facts: reading.Facts) -> dict[str, Any] | None:
    """The operator's newest threshold while the detector has not answered it."""
    command = facts.command
    if command is None or command.applied_at is not None or command.value["threshold"] is None:
        return None
    return {"id": command.id, "threshold": command.value["threshold"]}


def _recent_alarms(alarms: Sequence[Alarm]) -> None:
    label = f"Recent alarms ({len(alarms)})" if alarms else "Recent alarms (none)"
    with st.expander(label, icon=":material/history:"):
        if not alarms:
            st.caption("This device has raised no alarm yet.")
            return
        st.dataframe(
            [_row(alarm) for alarm in alarms],
            hide_index=True,
            column_config={
                "Start": st.column_config.DatetimeColumn(
                    format="YYYY-MM-DD HH:mm:ss", timezone=st.context.timezone
                ),
                "Peak score": st.column_config.NumberColumn(format="%.2f"),
                "Threshold (score)": st.column_config.NumberColumn(format="%.2f"),
            },
        )


def _row(alarm: Alarm) -> dict[str, Any]:
    shares = sorted(alarm.contributions.items(), key=lambda item: -item[1])
    return {
        "State": alarm.life if alarm.kind == "score" else f"{alarm.life} ({alarm.kind})",
        "Priority": alarm.priority,
        "Start": datetime.fromtimestamp(alarm.start, UTC),
        "Duration": "ongoing" if alarm.end is None else length(alarm.end - alarm.start),
        "Peak score": alarm.peak_score,
        "Threshold (score)": alarm.threshold,
        "Contributions": ", ".join(f"{name} {share:.0%}" for name, share in shares[:3]),
        "Model": alarm.model,
    }
