"""The spectrum of a machine that is heard as a waveform: drawn when somebody asks for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import streamlit as st

from dashboard import context
from dashboard.pages.answering import issue
from dashboard.pages.past import zone_at
from dashboard.pages.past_figure import DARK, LIGHT
from dashboard.pages.spectrum_figure import figure
from detector.errors import BundleError, SpectrumError, StoreError
from detector.frontends.waveforms.severity import zone_in_words
from detector.frontends.waveforms.spectrum import Quantity
from detector.frontends.waveforms.viewed import Viewed, newest_burst, viewed
from detector.records import Alarm
from detector.store import commands
from detector.store.archive import waveforms
from detector.store.archive.waveforms import Waveform
from detector.store.places import archive_place

WAIT_S, LOOK_S = 6.0, 0.2  # for the detector, which writes beside its scoring
NEWEST = "Newest"
QUANTITIES: dict[str, Quantity] = {
    "Velocity": "velocity",
    "Acceleration": "acceleration",
    "Envelope": "envelope",
}
AXES = ("Orders of the speed", "Frequency")


def show_spectrum(device: str, alarms: Sequence[Alarm]) -> None:
    """Draw the panel of a device; what of it was kept around its alarms can be chosen."""
    with st.expander("Spectrum", icon=":material/graphic_eq:"):
        _panel(device, alarms)


@st.fragment
def _panel(device: str, alarms: Sequence[Alarm]) -> None:
    known = {f"Alarm {alarm.id}": alarm for alarm in alarms}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.button("Read the newest", icon=":material/refresh:", key="spectrum read")
        source = st.selectbox("Waveform", [NEWEST, *known], key="spectrum of", width=180)
        kind = st.selectbox("Quantity", list(QUANTITIES), key="spectrum quantity", width=180)
        axis = st.selectbox("Axis", AXES, key="spectrum axis", width=220)
    alarm = known.get(source or NEWEST)
    try:
        found = _waveform(device, alarm, asked=asked)
        if found is None:
            st.caption(_nothing(alarm))
            return
        seen = viewed(
            newest_burst(found.ts, found.values, found.note.rate_hz),
            found.note,
            QUANTITIES[kind or "Velocity"],
            over_orders=axis == AXES[0],
        )
    except (SpectrumError, StoreError, BundleError) as error:
        st.warning(str(error), icon=":material/warning:")
        return
    _draw(device, found, seen)


def _nothing(alarm: Alarm | None) -> str:
    if alarm is None:
        return (
            "Nothing was read yet. The detector keeps the newest seconds, and writes them if asked."
        )
    return f"No waveform was kept around alarm {alarm.id}."


def _draw(device: str, found: Waveform, seen: Viewed) -> None:
    told = _told(found, seen)
    st.caption(told)
    palette = DARK if st.context.theme.type == "dark" else LIGHT
    made = figure(seen, palette)
    st.plotly_chart(made, theme=None, key="spectrum", config={"displayModeBar": False},
                    alt=f"{device}, spectrum: {told}")  # fmt: skip


def _told(found: Waveform, seen: Viewed) -> str:
    end = float(found.ts[-1])
    zone = zone_at(end, st.context.timezone)
    parts = [
        f"{seen.seconds:.2g} s up to {datetime.fromtimestamp(end, zone):%Y-%m-%d %H:%M:%S}",
        f"{found.note.rate_hz:,.0f} Hz",
        "speed not known" if seen.rpm is None else f"{seen.rpm:,.0f} rpm",
    ]
    if seen.velocity_mm_s is not None:
        largest = float(np.max(seen.velocity_mm_s))
        known = found.note.machine_class
        parts.append(f"{largest:.2g} mm/s rms" if known is None else zone_in_words(largest, known))
    return " · ".join(parts)


def _waveform(device: str, alarm: Alarm | None, *, asked: bool) -> Waveform | None:
    """The waveform around an alarm, or the newest, which the detector is asked for."""
    settings = context.settings().store
    place = archive_place(context.engine(), settings.archive)
    if alarm is not None:
        return waveforms.around(place, alarm)
    path = waveforms.of_device(device)
    before = waveforms.find(place, path)
    return _newer(device, place, path, before) if asked else before


def _newer(device: str, place: str, path: str, before: Waveform | None) -> Waveform | None:
    """Wait until what the detector wrote is newer; the old one where it does not answer.

    Raises:
        StoreError: If the detector keeps no waveform of the device.
    """
    number = issue(device, commands.WAVEFORM, {})
    if number is None:
        return before
    until = time.monotonic() + WAIT_S
    with st.spinner("Asking the detector …", show_time=False):
        while time.monotonic() < until:
            with context.engine().connect() as connection:
                outcome = commands.one(connection, number).outcome
            if outcome is not None and outcome != "applied":
                raise StoreError(outcome)
            found = waveforms.find(place, path)
            if found is not None and (before is None or found.ts[-1] > before.ts[-1]):
                return found
            time.sleep(LOOK_S)
    st.warning("The detector sent nothing newer.", icon=":material/warning:")
    return before
