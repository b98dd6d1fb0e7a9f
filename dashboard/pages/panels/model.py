"""Which model judges a device: one quiet line, and what it rests on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from dashboard import context
from dashboard.live.reading import Facts
from dashboard.refusals import kept
from dashboard.words.viewer import day, length, no_markdown, number, say, translated
from detector.records import ModelCard
from detector.store import commissionings
from detector.store.commissionings import Commissioning

DOCUMENT = "bundle.json"


def show_model(device: str, facts: Facts) -> None:
    """Draw the line; its expander has the rest.

    Args:
        device: Name of the machine.
        facts: Of the same device.
    """
    status = facts.status
    if status is None or status.model is None:
        why = (status.reason if status else None) or say("device.model_no_rule")
        st.caption(no_markdown(say("device.model_none", why=translated(why))))
        return
    found = kept(f"commissioned {device}", partial(_in_force, device))
    written_at = _written_at(device, status.model)
    with st.expander(no_markdown(line(status.model, found)), icon=":material/model_training:"):
        rows = details(status.model, found, status.threshold, written_at, status.reason)
        st.table({
            say("device.what"): [what for what, _ in rows],
            say("device.value"): [no_markdown(value) for _, value in rows],
        }, hide_index=True)  # fmt: skip


def _in_force(device: str) -> Commissioning | None:
    with context.engine().connect() as connection:
        return commissionings.in_force(connection, device)


def line(card: ModelCard, found: Commissioning | None) -> str:
    """The model, its data, who stands for it."""
    parts = [card.name]
    if card.trained_h is not None:
        parts.append(say("device.model_trained", hours=length(3600 * card.trained_h)))
    if card.provisional:
        parts.append(say("device.model_provisional"))
    parts.append(_commissioned(found))
    return " · ".join(parts)


def details(
    card: ModelCard,
    found: Commissioning | None,
    threshold: float,
    written_at: float | None,
    reason: str | None,
) -> list[tuple[str, str]]:
    """What is known of it, each with its name; what is not known is left out."""
    seconds = number(card.window * card.sampling_period_s, 1)
    rows = [
        (say("device.row_network"), card.network),
        (say("device.row_window"), say("device.window_words", n=card.window, seconds=seconds)),
        (say("device.row_threshold"), number(threshold, 2)),
        (say("device.row_how"), translated(card.provenance)),
        (say("device.row_commissioned"), _commissioned(found)),
        (say("device.row_why"), (found.why if found else None) or ""),
        (say("device.row_settles"), translated(reason or "")),
    ]
    if card.trained_h is not None:
        rows.append((say("device.row_trained"), length(3600 * card.trained_h)))
    if written_at is not None:
        rows.append((say("device.row_file"), say("device.model_file", day=day(written_at))))
    return [(what, value) for what, value in rows if value]


def _commissioned(found: Commissioning | None) -> str:
    if found is None:
        return say("device.model_not_commissioned")
    return say("device.model_commissioned", who=found.who, day=day(found.at))


def _written_at(device: str, card: ModelCard) -> float | None:
    """When the file of the model was written, where it is the one that the settings name."""
    rule = context.settings().rule_for(device)
    if rule is None or rule.model is None or Path(rule.model).name != card.name:
        return None
    try:
        return (Path(rule.model) / DOCUMENT).stat().st_mtime
    except OSError:  # the detector may run elsewhere
        return None
