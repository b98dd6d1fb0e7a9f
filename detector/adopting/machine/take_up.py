"""The running detector told to look at its settings again."""

from __future__ import annotations

import time

from detector.settings.tree import Settings
from detector.store import commands, devices
from detector.store.devices import LEASE_S
from detector.store.schema import Connection, Engine, open_store

RELOAD = "reload"
PATIENCE_S = 10.0  # the detector looks for commands four times a second
LOOK_S = 0.1
NOT_RUNNING = "no detector runs; it starts with the next `faultline serve`"


def is_alive(connection: Connection) -> bool:
    """Whether a detector writes to this store now."""
    held = devices.health(connection)
    return held is not None and time.time() - held.renewed_at < LEASE_S


def take_up(settings: Settings, who: str) -> str:
    """Ask the running detector to read its settings again.

    Args:
        settings: Name the store it listens at.
        who: Asks.

    Returns:
        What came of it, in words.
    """
    engine = open_store(settings.store.url)
    try:
        with engine.begin() as connection:
            if not is_alive(connection):
                return NOT_RUNNING
            number = commands.issue(connection, "", RELOAD, {}, who)
        return _told(_outcome(engine, number))
    finally:
        engine.dispose()


def _outcome(engine: Engine, number: int) -> str | None:
    """What the detector made of a command; None where it does not say in time."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with engine.begin() as connection:
            found = commands.latest(connection, "", RELOAD)
        if found is not None and found.id >= number and found.outcome is not None:
            return found.outcome
        time.sleep(LOOK_S)
    return None


def _told(outcome: str | None) -> str:
    if outcome is None:
        return f"the detector did not answer within {PATIENCE_S:g} s; restart `faultline serve`"
    if outcome.startswith("refused"):
        return f"the running detector does not take it up ({outcome}); restart `faultline serve`"
    return f"the running detector has taken it up ({outcome})"
