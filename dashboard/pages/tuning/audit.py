"""Who moved the threshold and the delays of a device, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.pages.answering import issue
from dashboard.words.viewer import moment, no_markdown, number, say
from detector.records import Command
from detector.store.commands import DELAYS, THRESHOLD
from detector.text import inert

KINDS = (THRESHOLD, DELAYS)
SHOWN, LOOKED_AT = 12, 100
APPLIED = "applied"
OF_SETTINGS = {THRESHOLD: "tuning.threshold_of_settings", DELAYS: "tuning.delays_of_settings"}


def show_audit(device: str, said: Sequence[Command]) -> None:
    """Draw the newest commands, the newest of each kind with a button that undoes it.

    Args:
        device: Name of the machine.
        said: Its commands of ``KINDS``, the newest first.
    """
    st.subheader(say("tuning.audit"), anchor=False)
    if not said:
        st.caption(say("tuning.nobody"))
    undoable = {kind: newest(said, kind) for kind in KINDS}
    for command in said[:SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_line(command))
            if command == undoable.get(command.kind):
                st.button(
                    say("tuning.undo"), key=f"undo {command.id}", icon=":material/undo:",
                    on_click=_undo, args=(device, command, said), type="tertiary",
                )  # fmt: skip


def newest(said: Sequence[Command], kind: str) -> Command | None:
    """The command of a kind that is in force; None: what the settings say is."""
    return next((one for one in said if one.kind == kind and one.outcome == APPLIED), None)


def value_before(said: Sequence[Command], command: Command) -> Any:  # noqa: ANN401 -- of its kind
    """What held before a command; None: what the settings say did."""
    earlier = [one for one in said if one.id < command.id]
    found = newest(earlier, command.kind)
    return None if found is None else found.value[command.kind]


def _undo(device: str, command: Command, said: Sequence[Command]) -> None:
    why = say("tuning.undoes", at=moment(command.issued_at), who=inert(command.who))
    issue(device, command.kind, {command.kind: value_before(said, command), "why": why})


def _line(command: Command) -> str:
    why = command.value.get("why")
    text = f": {no_markdown(inert(str(why)))}" if why else ""
    who = no_markdown(inert(command.who))
    return (f":gray[{no_markdown(moment(command.issued_at))}] · **{no_markdown(told(command))}** · "
            f"{who}{text}{_outcome(command)}")  # fmt: skip


def told(command: Command) -> str:
    """What it sets."""
    value = command.value.get(command.kind)
    if value is None:
        return say(OF_SETTINGS[command.kind])
    if command.kind == THRESHOLD:
        return say("tuning.threshold_is", value=number(float(value), 2))
    return say("tuning.delays_are", **{name: f"{one:g}" for name, one in value.items()})


def _outcome(command: Command) -> str:
    if command.outcome is None:
        return f" · :gray[{say('tuning.waits')}]"
    if command.outcome == APPLIED:
        return ""
    return f" · :material/error: {no_markdown(inert(command.outcome))}"
