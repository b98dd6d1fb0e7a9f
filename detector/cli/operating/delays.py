"""``delays``: how long a device must be above and below its threshold."""

from __future__ import annotations

import argparse
from typing import Any

from detector.alarms import requests
from detector.errors import AlarmError
from detector.settings.alarms import Delays
from detector.settings.tree import Settings
from detector.store import commands
from detector.store.schema import Engine


def asked(args: argparse.Namespace, now: Delays) -> tuple[dict[str, Any], str]:
    """The value of the command and what is said of it; what is not asked for stays as it is.

    Raises:
        AlarmError: If nothing or a contradiction is asked for, or a value is not allowed.
    """
    changed = merged(args)
    if bool(changed) == args.reset:
        raise AlarmError("delays: found neither or both, allowed: --reset, or some of the others")
    value = None if args.reset else {**dict(now), **changed}
    found = requests.delays_of({"delays": value})
    said = "delays as in the settings" if found is None else in_words(found)
    return {"delays": value, "why": args.why}, said


def in_words(delays: Delays) -> str:
    """For example ``3 of 5 windows, on-delay 2 s, off-delay 5 s``."""
    return (f"{delays.k} of {delays.n} windows, on-delay {delays.on_delay_s:g} s, "
            f"off-delay {delays.off_delay_s:g} s")  # fmt: skip


def merged(args: argparse.Namespace) -> dict[str, Any]:
    """Those of a command line that are given."""
    found = {name: getattr(args, name) for name in Delays.model_fields}
    return {name: value for name, value in found.items() if value is not None}


def given(store: Engine, settings: Settings, device: str) -> Delays:
    """In force for a device: an operator's, else those of the settings."""
    with store.connect() as connection:
        found = commands.delays(connection).get(device)
    written = settings.alarms_for(device)
    return Delays(**(found or {name: getattr(written, name) for name in Delays.model_fields}))
