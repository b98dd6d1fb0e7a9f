"""The system: detector, broker, sources, queues, store, viewers, and what is wrong with them."""

from __future__ import annotations

import streamlit as st

from dashboard.live.routes import hub
from dashboard.pages.sheets import sheet
from dashboard.pages.system import sections, tables
from dashboard.pages.system.reading import read
from dashboard.pages.system.troubles import troubles
from dashboard.refusals import kept, on_one_line
from dashboard.words.viewer import number, say, translated

LOOK_AGAIN_S = 2.0


def show() -> None:
    """Draw the page."""
    st.title(say("system.title"), anchor=False)
    _look()


@st.fragment(run_every=LOOK_AGAIN_S)
@on_one_line()
def _look() -> None:
    system = kept("system", read)
    lines = [say(key, **_written(fields)) for key, fields in troubles(system)]
    sheet.draw(
        sheet.troubles(say("system.troubles"), lines, say("system.nothing_is_wrong")),
        sheet.beside(
            sections.detector(system), sections.broker(system), sections.queues(system),
            sections.store(system), sections.viewers(hub.viewers), sections.versions(system),
        ),
        tables.detectors(system),
        tables.sources(system),
        tables.not_used(system),
        tables.tiers(system),
        tables.log(system),
    )  # fmt: skip


def _written(fields: dict[str, object]) -> dict[str, object]:
    """In the viewer's language and locale; a count stays one, it chooses the plural."""
    return {name: _one_written(value) for name, value in fields.items()}


def _one_written(value: object) -> object:
    if isinstance(value, float):
        return number(value, 1)
    return translated(value) if isinstance(value, str) else value
