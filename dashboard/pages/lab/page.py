"""The fault lab: what models would see, tried on stored or recorded running, kept and compared."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import context
from dashboard.jobs import jobs
from dashboard.jobs.job import Job, State
from dashboard.pages.answering import tell_role
from dashboard.pages.lab import drawing, form
from dashboard.pages.lab.request import KIND, PICTURE, request_of
from dashboard.pages.lab.results import Row, matrix, models, rows_of, shares
from dashboard.pages.models import reading
from dashboard.pages.sheets import sheet
from dashboard.pages.sheets.sheet import Cell, Value, table, whole
from dashboard.pages.sheets.working import follow, outcome, remove, state_word, took
from dashboard.words.viewer import moment, say
from detector.text import inert

SHOWN = 20


def show() -> None:
    """Draw the page."""
    st.title(say("lab.title"), anchor=False)
    st.caption(say("lab.about"))
    tell_role(KIND)
    found = jobs.listed(jobs.place(context.engine()), [KIND])
    running = [job for job in found if job.state is State.RUNNING]
    known = reading.read()
    good = [one.folder for one in known.bundles if one.told is not None]
    form.show(known.devices, good, is_busy=bool(running))
    for job in running:
        st.caption(_title(job))
        follow(job, job.id)
    if found and not running:
        outcome(found[0])
    sheet.draw(_runs(found))
    _results([job for job in found if job.state is State.DONE])


def _runs(found: Sequence[Job]) -> str:
    head: list[Value] = [say("lab.when"), say("lab.by"), say("lab.sessions"), say("lab.models"),
                         say("lab.faults"), say("lab.state"), say("lab.took")]  # fmt: skip
    rows = [_run(job) for job in found[:SHOWN]]
    return table(say("lab.runs"), head, rows, say("lab.no_runs"))


def _run(job: Job) -> list[Value]:
    asked, is_wrong = request_of(job), job.state not in {State.DONE, State.RUNNING}
    state = Cell("", state_word(job)) if is_wrong else Cell(state_word(job))
    return [whole(moment(job.at)), job.who, asked.what, ", ".join(asked.models),
            ", ".join(asked.faults), state, whole(took(job))]  # fmt: skip


def _results(done: Sequence[Job]) -> None:
    """One run, or two side by side."""
    if not done:
        return
    by_id = {job.id: job for job in done}
    with st.container(horizontal=True):
        first = st.selectbox(say("lab.show"), list(by_id), key="lab shown",
                             format_func=lambda one: _title(by_id[one]))  # fmt: skip
        others = [one for one in by_id if one != first]
        second = st.selectbox(say("lab.compare"), others, index=None, key="lab compared",
                              format_func=lambda one: _title(by_id[one]),
                              placeholder=say("lab.nothing_else"))  # fmt: skip
    shown = [by_id[one] for one in (first, second) if one in by_id]
    results = [(job, rows) for job in shown if (rows := rows_of(job.result())) is not None]
    if not results:
        st.warning(say("lab.unreadable"), icon=":material/warning:")
        return
    _picture(results)
    for column, (job, rows) in zip(st.columns(len(results)), results, strict=True):
        with column:
            _one(job, rows, is_alone=len(results) == 1)


def _picture(results: Sequence[tuple[Job, list[Row]]]) -> None:
    series = [
        (model if len(results) == 1 else f"{model}, {moment(job.at)}", shares(rows, model))
        for job, rows in results
        for model in models(rows)
    ]
    if any(found for _, found in series):
        sheet.draw(sheet.bars(say("lab.picture"), series))


def _one(job: Job, rows: list[Row], *, is_alone: bool) -> None:
    st.caption(_title(job))
    sheet.draw(drawing.summary(rows), *(drawing.found(matrix(rows, one)) for one in models(rows)))
    picture = job.folder / PICTURE
    if is_alone and picture.exists():
        with st.expander(say("lab.more_pictures")):
            st.image(picture.read_bytes())
    st.button(say("lab.remove"), key=f"remove {job.id}", icon=":material/delete:",
              on_click=remove, args=(job,))  # fmt: skip


def _title(job: Job) -> str:
    asked = request_of(job)
    names = ", ".join(model.rpartition("/")[2] for model in asked.models)
    return inert(f"{moment(job.at)} · {asked.what} · {names}")
