"""Another model for a device, without a restart; and a provisional one confirmed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import context
from dashboard.jobs.job import State
from dashboard.pages.answering import issue
from dashboard.pages.models import working
from dashboard.pages.models.reading import Models
from dashboard.pages.sheets import sheet
from dashboard.pages.sheets.sheet import Value, code, table, whole
from dashboard.pages.sheets.working import follow, outcome, plain
from dashboard.words.viewer import moment, say, translated
from detector.records import Command, DeviceStatus
from detector.store import commands

CONFIRM = "confirm"  # kind of the command
SHOWN = 10


def show(status: DeviceStatus, models: Models) -> None:
    """Draw the choice of a model, and who chose which before."""
    device, now = status.device, models.rule_model(status.device)
    options = [one.folder for one in models.bundles if one.told is not None]
    job = working.newest(device, working.USE)
    is_running = job is not None and job.state is State.RUNNING
    if status.model is not None and status.model.provisional:
        _confirm(device)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            say("models.model"), options, index=options.index(now) if now in options else None,
            format_func=Path.as_posix, key=f"model {device}", placeholder=say("models.none_chosen"),
        )  # fmt: skip
        st.button(
            say("models.let_it_watch"), key="use", disabled=chosen in (None, now) or is_running,
            on_click=working.use, args=(device, chosen), icon=":material/swap_horiz:",
        )  # fmt: skip
    if is_running and job is not None:
        follow(job, "use")
    elif job is not None and outcome(job):
        told = job.result() or {}
        st.success(plain(translated(str(told.get("detector", "")))), icon=":material/check:")
        for note in told.get("notes", []):
            st.warning(plain(translated(str(note))), icon=":material/warning:")
    sheet.draw(_switches([one for one in models.switches if one.value["device"] == device]))


def _switches(found: list[Command]) -> str:
    head: list[Value] = [say("models.at"), say("models.by"), say("models.before"),
                         say("models.model"), say("models.outcome")]  # fmt: skip
    rows: list[list[Value]] = [
        [whole(moment(one.issued_at)), one.who, code(str(one.value.get("before") or "—")),
         code(str(one.value["model"])), _outcome(one)]
        for one in found[:SHOWN]
    ]  # fmt: skip
    return table(say("models.switches"), head, rows, say("models.no_switches"))


def _outcome(asked: Command) -> str:
    """By the one that was asked, where there are several detectors."""
    name = asked.value.get(commands.ADDRESSEE)
    said = translated(asked.outcome or "")
    return f"{name}: {said}" if name else said


def _confirm(device: str) -> None:
    """What was learnt by itself may raise alarms once somebody says so."""
    with context.engine().connect() as connection:
        asked = commands.latest(connection, device, CONFIRM)
    st.info(say("models.provisional_says"), icon=":material/hourglass_top:")
    st.button(say("models.confirm"), key=f"confirm {device}", on_click=_ask_confirm, args=(device,))
    if asked is not None and asked.outcome not in (None, "applied"):
        st.warning(plain(translated(asked.outcome)), icon=":material/warning:")


def _ask_confirm(device: str) -> None:
    issue(device, CONFIRM, {})
