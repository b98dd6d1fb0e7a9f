"""What came of a command that was written for the running detector."""

from __future__ import annotations

import time

from detector.store import commands
from detector.store.schema import Engine

WAIT_S = 5.0  # for the running detector, which looks several times a second
LOOK_S = 0.05


def outcome_of(store: Engine, number: int, wait_s: float = WAIT_S) -> str | None:
    """The outcome of a command; None where no detector has applied it in time."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        with store.connect() as connection:
            found = commands.one(connection, number)
        if found.applied_at is not None:
            return found.outcome
        time.sleep(LOOK_S)
    return None
