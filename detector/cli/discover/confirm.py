"""``adopt DEVICE --confirm``: let a provisional model alarm."""

from __future__ import annotations

import argparse
import time

from detector.errors import AdoptError
from detector.settings.load import load_settings
from detector.store import commands
from detector.store.schema import Engine, open_store

WAIT_S = 5.0  # for the running detector, which looks several times a second
LOOK_S = 0.1


def confirm(args: argparse.Namespace, device: str) -> str:
    """Ask the detector to confirm, and tell what came of it.

    Raises:
        AdoptError: If the detector refuses.
    """
    store = open_store(load_settings(args.settings).store.url)
    who = args.who or commands.user()
    with store.begin() as connection:
        number = commands.issue(connection, device, "confirm", {}, who)
    outcome = _outcome(store, number)
    if outcome is None:
        return f"{device}: asked for by {who}; it counts once a detector runs"
    if outcome != "applied":
        raise AdoptError(f"{device}: {outcome}")
    return f"{device}: confirmed by {who}; from now on its alarms are notified"


def _outcome(store: Engine, number: int) -> str | None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        with store.connect() as connection:
            found = commands.one(connection, number)
        if found.applied_at is not None:
            return found.outcome
        time.sleep(LOOK_S)
    return None
