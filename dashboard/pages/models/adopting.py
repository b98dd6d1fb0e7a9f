"""A model of its own for one machine: hear it, learn it, see what it will see, switch it on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.jobs.job import Job, State
from dashboard.pages.models import bundles, working
from dashboard.pages.sheets import sheet
from dashboard.pages.sheets.sheet import Value, facts, table
from dashboard.pages.sheets.working import follow, outcome, took
from dashboard.words.viewer import length, moment, number, percent, say, translated
from detector.records import DeviceStatus

MINUTES, LONGEST_MINUTES = 10.0, 24 * 60.0
LONGEST_NAME = 60  # characters
NAME = re.compile(r"[\w][\w.\-]*")
STATES = ("off", "idle", "ramp", "run")


def show(status: DeviceStatus) -> None:
    """Draw the steps."""
    device = status.device
    sheet.draw(_heard(status))
    job = working.newest(device, working.ADOPT)
    is_running = job is not None and job.state is State.RUNNING
    with st.container(horizontal=True, vertical_alignment="bottom"):
        minutes = st.number_input(
            say("models.minutes"), 0.5, LONGEST_MINUTES, MINUTES, 1.0, key=f"minutes {device}",
            help=say("models.minutes_help"),
        )  # fmt: skip
        name = st.text_input(say("models.name"), _free_name(device), key=f"name {device}",
                             max_chars=LONGEST_NAME)  # fmt: skip
        is_name = NAME.fullmatch(name) is not None
        st.button(
            say("models.learn"), key="learn", disabled=is_running or not is_name,
            icon=":material/school:", on_click=working.adopt,
            args=(device, minutes, bundles.MODELS / name),
        )  # fmt: skip
    if not is_name:
        st.warning(say("models.no_name"), icon=":material/warning:")
    if job is not None:
        _go_on(job)


def _heard(status: DeviceStatus) -> str:
    rate = "—" if status.rate_hz is None else say("models.hertz", n=number(status.rate_hz, 1))
    return facts(say("models.heard"), [
        (say("models.rate"), rate),
        (say("models.features"), ", ".join(status.features)),
        (say("models.last_heard"), moment(status.last_arrival)),
        (say("models.note"), translated(status.reason or "—")),
    ])  # fmt: skip


def _go_on(job: Job) -> None:
    if job.state is State.RUNNING:
        follow(job, "adopting")
        return
    if not outcome(job):
        return
    told = job.result()
    if not isinstance(told, dict):
        return
    st.caption(say("models.learnt_in", name=Path(told["model"]).name, time=took(job)))
    sheet.draw(sheet.beside(_normal(told), _chosen(told)), _seen(told), _lines(told))
    st.button(
        say("models.switch_on"), key="switch on", type="primary", icon=":material/power:",
        on_click=working.use, args=(job.about["device"], Path(told["model"])),
    )  # fmt: skip
    switched = working.newest(str(job.about["device"]), working.USE)
    if switched is not None and switched.about.get("model") == job.about["model"]:
        _switched(switched)


def _switched(job: Job) -> None:
    if job.state is State.RUNNING:
        follow(job, "switching on")
    elif outcome(job):
        st.success(say("models.is_on"), icon=":material/check:")


def _normal(told: dict[str, Any]) -> str:
    """What was learnt as normal: which stretch, and what the machine did in it."""
    shares = [(name, percent(share)) for name, share in told["states"].items()]
    return facts(say("models.normal"), [
        (say("models.stretch"), f"{moment(told['start'])} – {moment(told['end'])[11:]}"),  # noqa: RUF001
        (say("models.running_time"), length(told["running_s"])),
        *shares,
        (say("models.gaps"), number(told["gaps"])),
        *((name, translated(str(why))) for name, why in told["left_out"].items()),
    ])  # fmt: skip


def _chosen(told: dict[str, Any]) -> str:
    tried = [(name, say("models.found_of", found=one["found"], faults=one["faults"]))
             for name, one in told["candidates"].items()]  # fmt: skip
    return facts(say("models.candidates"), [
        (say("models.network"), told["network"]),
        (say("models.window"), number(told["window"])),
        *tried,
    ])  # fmt: skip


def _seen(told: dict[str, Any]) -> str:
    """Faults put into running that the model has not seen, by how strong they are."""
    severities = sorted({float(one) for found in told["seen"].values() for one in found})
    head: list[Value] = [say("models.fault"), *(sheet.figure(number(one, 2)) for one in severities)]
    rows: list[list[Value]] = []
    for family, found in told["seen"].items():
        pairs = {float(severity): pair for severity, pair in found.items()}
        rows.append([family, *(sheet.figure(_share(pairs.get(one))) for one in severities)])
    return table(say("models.will_see"), head, rows, say("models.untried"), say("models.will_note"))


def _share(pair: list[int] | None) -> str:
    return "—" if pair is None else f"{pair[0]}/{pair[1]}"


def _lines(told: dict[str, Any]) -> str:
    rows: list[list[Value]] = [
        [translated(str(line))] for line in (*told["limits"], *told["notes"])
    ]
    return table(say("models.will_not_see"), [say("models.what")], rows, "—")


def _free_name(device: str) -> str:
    """Of a folder that is not there yet, after the device."""
    base = re.sub(r"[^\w.\-]", "-", device).strip(".-")[: LONGEST_NAME - 4] or "device"
    number_, name = 1, base
    while (bundles.MODELS / name).exists():
        number_ += 1
        name = f"{base}-{number_}"
    return name
