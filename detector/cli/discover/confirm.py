"""``adopt DEVICE --confirm``: let a provisional model alarm."""

from __future__ import annotations

import argparse

from detector.cli.answers import outcome_of
from detector.errors import AdoptError
from detector.settings.load import load_settings
from detector.store import commands
from detector.store.schema import open_store


def confirm(args: argparse.Namespace, device: str) -> str:
    """Ask the detector to confirm, and tell what came of it.

    Raises:
        AdoptError: If the detector refuses.
    """
    store = open_store(load_settings(args.settings).store.url)
    who = args.who or commands.user()
    with store.begin() as connection:
        number = commands.issue(connection, device, "confirm", {}, who)
    outcome = outcome_of(store, number)
    if outcome is None:
        return f"{device}: asked for by {who}; it counts once a detector runs"
    if outcome != "applied":
        raise AdoptError(f"{device}: {outcome}")
    return f"{device}: confirmed by {who}; from now on its alarms are notified"
