"""What a viewer asks the fault lab."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from dashboard.pages.lab import request as asking
from dashboard.pages.lab.request import ALL, NONE, Request
from dashboard.words.viewer import number, say
from detector.records import DeviceStatus
from detector.text import inert
from simulator.faults.catalogue import FAULTS

SEVERITIES = (0.1, 0.25, 0.5, 0.75, 1.0)
FAMILIES = tuple(name for name in FAULTS if name != "clock")  # a clock fault changes no value
DEVICE, FOLDER = "device", "folder"
LOOK_BACK_H = (1, 6, 24, 168)
HOUR_S = 3600.0
LONGEST_PATH = 400  # characters


def show(devices: Sequence[DeviceStatus], models: Sequence[Path], *, is_busy: bool) -> None:
    """Draw it.

    Args:
        devices: Whose stored samples may be used.
        models: Folders of bundles.
        is_busy: Whether a run goes on.
    """
    with st.container(border=True, key="lab-form"):
        source = _source(devices)
        chosen = st.multiselect(say("lab.models"), models, key="lab models",
                                format_func=Path.as_posix,
                                placeholder=say("lab.choose_models"))  # fmt: skip
        faults, severities = _faults()
        wanted = _wanted(source, chosen, faults, severities)
        st.button(say("lab.run"), type="primary", key="run", icon=":material/science:",
                  disabled=wanted is None or is_busy, on_click=_begin, args=(wanted,))  # fmt: skip


def _begin(wanted: Request) -> None:
    asking.begin(wanted)


def _source(devices: Sequence[DeviceStatus]) -> Request | None:
    """Which sessions; None where none are chosen."""
    kind = st.segmented_control(
        say("lab.sessions"), (DEVICE, FOLDER), default=DEVICE, required=True, key="lab source",
        format_func=lambda one: say(f"lab.source_{one}"),
    )  # fmt: skip
    if kind == FOLDER:
        return _folder()
    if not devices:
        st.info(say("lab.no_devices"))
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [one.device for one in devices]
        device = st.selectbox(say("lab.device"), names, key="lab device", format_func=inert)
        hours = st.selectbox(say("lab.look_back"), LOOK_BACK_H, key="lab hours",
                             format_func=lambda n: say("lab.last_hours", n=n))  # fmt: skip
    newest = next((one.last_ts for one in devices if one.device == device), None)
    if newest is None or hours is None:
        return None
    return Request((), (), (), device=device, start=newest - hours * HOUR_S, end=newest + 1.0)


def _folder() -> Request | None:
    path = st.text_input(say("lab.folder"), key="lab folder", max_chars=LONGEST_PATH,
                         placeholder="runs/normal", help=say("lab.folder_help")) or ""  # fmt: skip
    if not path.strip():
        return None
    if not Path(path.strip()).exists():
        st.warning(say("lab.no_folder"), icon=":material/warning:")
        return None
    return Request((), (), (), folder=path.strip())


def _faults() -> tuple[tuple[str, ...], tuple[float, ...]]:
    labelled = st.toggle(say("lab.labelled"), key="lab labelled", help=say("lab.labelled_help"))
    if labelled:
        return (NONE,), SEVERITIES
    families = st.pills(say("lab.faults"), FAMILIES, selection_mode="multi", key="lab faults",
                        help=say("lab.all_faults"))  # fmt: skip
    severities = st.pills(say("lab.severities"), SEVERITIES, selection_mode="multi",
                          default=SEVERITIES[1:], key="lab severities",
                          format_func=lambda one: number(one, 2))  # fmt: skip
    return tuple(families) or (ALL,), tuple(sorted(severities))


def _wanted(
    source: Request | None, models: Sequence[Path], faults: tuple[str, ...],
    severities: tuple[float, ...],
) -> Request | None:  # fmt: skip
    if source is None or not models or not severities:
        return None
    named = tuple(model.as_posix() for model in models)
    return Request(named, faults, severities, source.device, source.start, source.end,
                   source.folder)  # fmt: skip
