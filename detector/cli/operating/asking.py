"""A command to the running detector, and its answer."""

from __future__ import annotations

import time
from typing import Any

from detector.store import commands
from detector.store.schema import Engine

WAIT_S = 5.0  # for the running detector, which looks several times a second
LOOK_S = 0.05


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
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        with store.connect() as connection:
            found = commands.one(connection, number)
        if found.applied_at is not None:
            return found.outcome
        time.sleep(LOOK_S)
    return None
