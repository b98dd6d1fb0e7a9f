"""Models and commissioning: what there is, which device uses which, and how that is changed."""

from __future__ import annotations

import streamlit as st

from dashboard import context
from dashboard.pages.answering import last_refusal, tell_role
from dashboard.pages.models import adopting, commissioning, switching, tables
from dashboard.pages.models.reading import Models, read
from dashboard.pages.models.working import USE
from dashboard.pages.sheets import sheet
from dashboard.words.viewer import no_markdown, say
from detector.store import commissionings
from detector.text import inert

SWITCH, COMMISSION, ADOPT = "switch", "commission", "adopt"
STEPS = (SWITCH, COMMISSION, ADOPT)


def show() -> None:
    """Draw the page."""
    st.title(say("models.title"), anchor=False)
    tell_role(USE)
    models = read()
    with context.engine().connect() as connection:
        refused = last_refusal(connection)
    if refused:
        st.warning(no_markdown(refused), icon=":material/error:")
    if not models.is_alive:
        st.warning(say("models.stopped"), icon=":material/pause:")
    sheet.draw(tables.devices(models))
    _one_device(models)
    sheet.draw(tables.bundles(models))
    _one_bundle(models)


def _one_device(models: Models) -> None:
    """What may be done with the device that was chosen."""
    if not models.devices:
        return
    with st.container(border=True, key="one-device"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            device = st.selectbox(say("models.device"), _names(models), key="device of models",
                                  format_func=inert)  # fmt: skip
            step = st.segmented_control(
                say("models.do"), STEPS, default=_asked_step(), key="step", required=True,
                format_func=lambda one: say(f"models.do_{one}"),
            )  # fmt: skip
        status = models.one(device or "")
        if status is None:
            return
        if step == COMMISSION:
            with context.engine().connect() as connection:
                found = commissionings.history(connection, status.device)
            commissioning.show(status, found)
        elif step == ADOPT:
            adopting.show(status)
        else:
            switching.show(status, models)


def _names(models: Models) -> list[str]:
    """The device of the link first chosen."""
    names = [one.device for one in models.devices]
    asked = st.query_params.get("device")
    if asked in names and "device of models" not in st.session_state:
        st.session_state["device of models"] = asked
    return names


def _asked_step() -> str:
    """That of the link."""
    asked = st.query_params.get("step")
    return asked if asked in STEPS else SWITCH


def _one_bundle(models: Models) -> None:
    good = [one for one in models.bundles if one.told is not None]
    if not good:
        return
    chosen = st.selectbox(say("models.more_of"), good, format_func=lambda one: one.name,
                          key="bundle")  # fmt: skip
    if chosen is not None:
        sheet.draw(sheet.beside(*tables.one_bundle(chosen)))
