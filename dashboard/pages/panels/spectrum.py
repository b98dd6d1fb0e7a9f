"""The spectrum of a machine that is heard as a waveform: drawn when somebody asks for it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard import context
from dashboard.pages.answering import issue
from dashboard.pages.panels.palette import palette
from dashboard.pages.panels.spectrum_figure import figure
from dashboard.refusals import on_one_line
from dashboard.words.viewer import moment, no_markdown, number, say
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
NEWEST = 0  # in place of an alarm's id
QUANTITIES: tuple[Quantity, ...] = ("velocity", "acceleration", "envelope")
AXES = ("orders", "frequency")


def show_spectrum(device: str, alarms: Sequence[Alarm]) -> None:
    """Draw the panel of a device; what of it was kept around its alarms can be chosen."""
    with st.expander(say("spectrum.spectrum"), icon=":material/graphic_eq:"):
        _panel(device, alarms)


@st.fragment
@on_one_line()
def _panel(device: str, alarms: Sequence[Alarm]) -> None:
    known = {alarm.id: alarm for alarm in alarms if alarm.id is not None}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.button(say("spectrum.read"), icon=":material/refresh:", key="spectrum read")
        source = st.selectbox(say("spectrum.waveform"), [NEWEST, *known], key="spectrum of",
                              width=180, format_func=_source)  # fmt: skip
        kind = st.selectbox(say("spectrum.quantity"), QUANTITIES, key="spectrum quantity",
                            width=180, format_func=_quantity)  # fmt: skip
        axis = st.selectbox(say("spectrum.axis"), AXES, key="spectrum axis", width=220,
                            format_func=_axis)  # fmt: skip
    alarm = known.get(source or NEWEST)
    try:
        found = _waveform(device, alarm, asked=asked)
        if found is None:
            st.caption(_nothing(alarm))
            return
        seen = viewed(
            newest_burst(found.ts, found.values, found.note.rate_hz),
            found.note,
            kind or QUANTITIES[0],
            over_orders=axis == AXES[0],
        )
    except (SpectrumError, StoreError, BundleError) as error:
        st.warning(no_markdown(str(error)), icon=":material/warning:")
        return
    _draw(device, found, seen)


def _source(number_of: int) -> str:
    return say("spectrum.alarm", id=number_of) if number_of else say("spectrum.newest")


def _quantity(kind: Quantity) -> str:
    return say(f"spectrum.of_{kind}")


def _axis(axis: str) -> str:
    return say(f"spectrum.over_{axis}")


def _nothing(alarm: Alarm | None) -> str:
    if alarm is None:
        return say("spectrum.nothing_read")
    return say("spectrum.nothing_kept", id=alarm.id)


def _draw(device: str, found: Waveform, seen: Viewed) -> None:
    told = _told(found, seen)
    st.caption(told)
    st.plotly_chart(figure(seen, palette()), theme=None, key="spectrum",
                    config={"displayModeBar": False},
                    alt=f"{device}, {say('spectrum.spectrum')}: {told}")  # fmt: skip


def _told(found: Waveform, seen: Viewed) -> str:
    parts = [
        say(
            "spectrum.seconds_up_to", seconds=f"{seen.seconds:.2g}", end=moment(float(found.ts[-1]))
        ),
        f"{number(found.note.rate_hz)} Hz",
        say("spectrum.no_speed") if seen.rpm is None else f"{number(seen.rpm)} rpm",
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
    with st.spinner(say("spectrum.asking"), show_time=False):
        while time.monotonic() < until:
            with context.engine().connect() as connection:
                outcome = commands.one(connection, number).outcome
            if outcome is not None and outcome != "applied":
                raise StoreError(outcome)
            found = waveforms.find(place, path)
            if found is not None and (before is None or found.ts[-1] > before.ts[-1]):
                return found
            time.sleep(LOOK_S)
    st.warning(say("spectrum.nothing_newer"), icon=":material/warning:")
    return before
