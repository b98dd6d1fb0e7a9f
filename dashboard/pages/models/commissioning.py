"""A machine's own normal in four steps: a stretch, a look at it, apply, and see it in force."""

from __future__ import annotations

import streamlit as st

from dashboard.jobs.job import Job, State
from dashboard.pages.models import stretch, working
from dashboard.pages.models.tables import versions
from dashboard.pages.sheets import sheet
from dashboard.pages.sheets.working import follow, outcome, plain
from dashboard.words.viewer import moment, number, say
from detector.records import DeviceStatus
from detector.store.commissionings import Commissioning

LONGEST_WHY = 200  # characters


def show(status: DeviceStatus, found: list[Commissioning]) -> None:
    """Draw the steps.

    Args:
        status: Of the device.
        found: Its versions, the newest first.
    """
    job = working.newest(status.device, *working.COMMISSIONING)
    chosen = stretch.choose(status)
    is_running = job is not None and job.state is State.RUNNING
    if chosen is not None:
        st.button(say("models.check"), key="check", disabled=is_running, icon=":material/rule:",
                  on_click=working.check, args=(status.device, *chosen))  # fmt: skip
    if job is not None:
        _go_on(job)
    sheet.draw(versions(found))
    if any(one.undone_at is None for one in found):
        st.button(say("models.undo"), key="undo", disabled=is_running, icon=":material/undo:",
                  on_click=working.undo, args=(status.device,))  # fmt: skip


def _go_on(job: Job) -> None:
    if job.state is State.RUNNING:
        follow(job, "commissioning")
    elif job.kind == working.CHECK:
        _after_check(job)
    elif outcome(job):
        _in_force(job)


def _after_check(job: Job) -> None:
    device, start, end = job.about["device"], job.about["start"], job.about["end"]
    st.caption(say("models.checked", start=moment(start), end=moment(end)))
    if outcome(job):
        told = job.result() or {}
        st.success(say("models.may_be_learnt", seconds=number(told.get("seconds", 0.0)),
                       peak=number(told.get("peak_score", 0.0), 2)),
                   icon=":material/check:")  # fmt: skip
        st.button(say("models.apply"), key="apply", type="primary", on_click=working.commission,
                  args=(device, start, end))  # fmt: skip
    elif job.state is State.REFUSED and job.reason.endswith("--why"):
        _anyway(device, start, end)


def _anyway(device: str, start: float, end: float) -> None:
    """Something speaks against it, which somebody who knows the machine may overrule."""
    why = st.text_input(say("models.why"), key="why", max_chars=LONGEST_WHY)
    st.button(say("models.anyway"), key="anyway", disabled=not why.strip(),
              on_click=working.commission, args=(device, start, end, why.strip()))  # fmt: skip


def _in_force(job: Job) -> None:
    told = job.result() or {}
    if not told.get("applied"):
        st.info(say("models.counts_later"), icon=":material/pause:")
    elif told.get("version") is None:
        st.success(say("models.none_in_force"), icon=":material/check:")
    else:
        st.success(say("models.in_force", n=told["version"], who=plain(job.who)),
                   icon=":material/check:")  # fmt: skip
