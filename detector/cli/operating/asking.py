"""A command to the running detector, and its answer."""

from __future__ import annotations

from typing import Any

from detector.cli.answers import outcome_of
from detector.store import commands
from detector.store.schema import Engine


def ask(store: Engine, device: str, kind: str, value: dict[str, Any], who: str) -> str | None:
    """Write a command and wait for what comes of it.

    Args:
        store: Open.
        device: Name of the machine; empty where it is no single one.
        kind: Of the command.
        value: What it needs.
        who: Asks.

    Returns:
        Its outcome; None: no detector has answered within 5 s, the next one will.
    """
    with store.begin() as connection:
        number = commands.issue(connection, device, kind, value, who)
    return outcome_of(store, number)
