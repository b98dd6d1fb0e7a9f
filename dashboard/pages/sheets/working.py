"""A job on the page: how far it is while it runs, and what came of it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.jobs import jobs
from dashboard.jobs.job import Job, State, read
from dashboard.pages.answering import is_allowed
from dashboard.words.viewer import length, number, say, translated
from detector.text import inert

LOOK_AGAIN_S = 1.0
GATHERING = "running"  # as the detector calls the wait for a machine's running, in minutes


def follow(job: Job, key: str) -> None:
    """Show a running job until it ends, then draw the page again.

    Args:
        job: That runs.
        key: Of its widgets, unique on the page.
    """
    _follow(str(job.folder), key)


@st.fragment(run_every=LOOK_AGAIN_S)
def _follow(folder: str, key: str) -> None:
    job = read(Path(folder))
    if job is None or job.state is not State.RUNNING:
        st.rerun()
    with st.container(border=True, key=f"job-{key}"):
        st.progress(0.0 if job.progress is None else job.progress.share, text=_told(job))
        st.button(say("jobs.cancel"), key=f"cancel {key}", icon=":material/stop_circle:",
                  on_click=cancel, args=(job,))  # fmt: skip


def cancel(job: Job) -> None:
    """End a job, where this viewer's role may begin one."""
    if is_allowed(job.kind):
        jobs.cancel(job)


def remove(job: Job) -> None:
    """Forget a job, where this viewer's role may begin one."""
    if is_allowed(job.kind):
        jobs.remove(job)


def _told(job: Job) -> str:
    if job.progress is None or not job.progress.total:
        return say("jobs.begins")
    one = job.progress
    what = say("jobs.running_minutes") if one.what == GATHERING else plain(one.what)
    digits = 0 if float(one.number).is_integer() and float(one.total).is_integer() else 1
    return say("jobs.so_far", what=what, number=number(one.number, digits),
               total=number(one.total, digits))  # fmt: skip


def outcome(job: Job) -> bool:
    """Say in one line what came of a job that went wrong; returns whether it went well."""
    if job.state is State.DONE:
        return True
    reason = plain(translated(job.reason))
    lines = {
        State.REFUSED: say("jobs.refused", reason=reason),
        State.FAILED: say("jobs.failed", reason=reason),
        State.CANCELLED: say("jobs.cancelled"),
        State.LOST: say("jobs.lost"),
    }
    if job.state in lines:
        st.warning(lines[job.state], icon=":material/warning:")
    return False


def state_word(job: Job) -> str:
    """How a job stands, in a word."""
    return say(f"jobs.state_{job.state.value}")


def took(job: Job) -> str:
    """How long it took; empty while it runs."""
    return "" if job.ended_at is None else length(job.ended_at - job.at)


def plain(text: str) -> str:
    """Text of commands and devices, of which nothing is Markdown."""
    marks = "\\`*_{}[]()<>#+-.!|~:$"
    return "".join(f"\\{mark}" if mark in marks else mark for mark in inert(text))
