"""The spectrogram of a device's samples or of its newest waveform, drawn on request."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard import context
from dashboard.live.reading import Facts
from dashboard.live.states import unit_of
from dashboard.pages.panels.palette import palette
from dashboard.pages.panels.spectrogram_figure import figure
from dashboard.refusals import on_one_line
from dashboard.shell.time_range import kept, read
from dashboard.words.viewer import moment, no_markdown, number, say, zone
from detector.errors import SpectrumError
from detector.frontends.waveforms.spectrogram import spectrogram
from detector.records import Times, Values
from detector.store import frames
from detector.store.archive import waveforms
from detector.store.archive.place import place_at
from detector.store.archive.reading import between
from detector.store.connecting import at_one_moment
from detector.store.places import archive_place

LIVE_S = 60.0  # of what is live
MOST_SAMPLES = 400_000
SPEEDS = ("rpm", "speed", "shaft")  # in the name of a feature that may be the speed
SAMPLES, WAVEFORM = "samples", "waveform"


@dataclass(frozen=True)
class Part:
    """Samples of one stretch: shape (n,) and (n, F), with what is known of their speed."""

    ts: Times
    values: Values
    features: tuple[str, ...]
    rate_hz: float
    rpm: float | None = None
    is_cut: bool = False


def show_spectrogram(device: str, facts: Facts) -> None:
    """Draw the panel of a device."""
    with st.expander(say("spectrum.spectrogram"), icon=":material/gradient:"):
        _panel(device, facts)


@st.fragment
@on_one_line()
def _panel(device: str, facts: Facts) -> None:
    assert facts.status is not None
    names = facts.status.features
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.button(say("spectrum.draw"), icon=":material/gradient:", key="spectrogram draw")
        source = st.selectbox(say("spectrum.source"), [SAMPLES, WAVEFORM], key="spectrogram source",
                              width=200, format_func=_source)  # fmt: skip
        feature = st.selectbox(say("spectrum.feature"), names, key=f"spectrogram {device}",
                               width=180)  # fmt: skip
        speed = st.selectbox(say("spectrum.speed"), ["", *names], index=_guess(names),
                             key=f"spectrogram speed {device}", width=180,
                             format_func=_speed)  # fmt: skip
    if not asked or not feature:
        st.caption(say("spectrum.not_drawn", seconds=number(LIVE_S)))
        return
    try:
        part = _newest_waveform(device) if source == WAVEFORM else _samples(device, facts)
        _draw(device, part, feature, speed or None, unit_of(facts.status.model, feature))
    except SpectrumError as error:
        st.warning(no_markdown(str(error)), icon=":material/warning:")


def _source(source: str) -> str:
    return say(f"spectrum.from_{source}")


def _speed(name: str) -> str:
    return name or say("spectrum.speed_none")


def _guess(names: tuple[str, ...]) -> int:
    """Place of what is called like a speed, 0: none is."""
    found = (i for i, name in enumerate(names, 1) if any(s in name.lower() for s in SPEEDS))
    return next(found, 0)


def _draw(device: str, part: Part, feature: str, speed: str | None, unit: str) -> None:
    if feature not in part.features:
        raise SpectrumError(f"{feature}: is not in it, allowed: {', '.join(part.features)}")
    values = part.values[:, part.features.index(feature)]
    seen = spectrogram(part.ts, values, part.rate_hz)
    rpm = _rpm(part, speed, seen.ts)
    parts = [say("spectrum.from_to", start=moment(seen.ts[0]), end=moment(seen.ts[-1])),
             say("spectrum.resolution", hz=number(float(seen.hz[1]), 2))]  # fmt: skip
    if part.is_cut:
        parts.append(say("spectrum.cut", n=number(len(part.ts))))
    st.caption(" · ".join(parts))
    made = figure(seen, rpm, zone(), say("spectrum.decibels", unit=unit or "1"), palette())
    st.plotly_chart(made, theme=None, key="spectrogram", config={"displayModeBar": False},
                    alt=say("spectrum.spectrogram_of", device=device))  # fmt: skip


def _rpm(part: Part, speed: str | None, ts: Times) -> Times | None:
    """Shape (T,), 1/min at the middle of each block; None: not known."""
    if speed in part.features:
        found = part.values[:, part.features.index(str(speed))].astype(np.float64)
        is_there = np.isfinite(found)
        if is_there.any():
            return np.asarray(np.interp(ts, part.ts[is_there], found[is_there]))
    return None if part.rpm is None else np.full(len(ts), part.rpm)


def _samples(device: str, facts: Facts) -> Part:
    """The newest of the range that are not too many.

    Raises:
        SpectrumError: If none is stored.
    """
    assert facts.status is not None
    rate_hz = facts.status.rate_hz or 1.0
    now = time.time() + facts.status.last_ts - facts.status.last_arrival
    start, end = read(kept(), zone()).bounds(now) or (now - LIVE_S, now)
    first = max(start, end - MOST_SAMPLES / rate_hz)
    store = context.engine()
    place = place_at(archive_place(store, context.settings().store.archive))
    with store.connect() as connection:
        at_one_moment(connection)
        found = list(between(connection, place, device, first, end, lambda _lost: None))
    if not found:
        raise SpectrumError(say("spectrum.no_samples"))
    joined = frames.joined(found, frames.names_in(found))
    inside = (joined.ts >= first) & (joined.ts < end)
    order = np.argsort(joined.ts[inside], kind="stable")  # late samples come beside the others
    return Part(joined.ts[inside][order], joined.values[inside][order], joined.features, rate_hz,
                is_cut=first > start)  # fmt: skip


def _newest_waveform(device: str) -> Part:
    """What the detector wrote last.

    Raises:
        SpectrumError: If there is none.
    """
    place = archive_place(context.engine(), context.settings().store.archive)
    found = waveforms.find(place, waveforms.of_device(device))
    if found is None:
        raise SpectrumError(say("spectrum.nothing_read"))
    note = found.note
    return Part(found.ts, found.values, note.features, note.rate_hz, note.rpm)
