"""``preview``: the alarms that other thresholds and delays would have raised."""

from __future__ import annotations

import argparse
import dataclasses
import time
from typing import Any

from detector.alarms import requests
from detector.alarms.replaying.preview import Outcome, Tuning
from detector.alarms.replaying.stored import Preview, preview
from detector.cli.operating.delays import given, merged
from detector.cli.tables import as_json, moment, table
from detector.errors import AlarmError
from detector.settings.alarms import Delays
from detector.settings.load import load_settings
from detector.settings.tree import Settings
from detector.store import devices
from detector.store.archive.place import place_at
from detector.store.places import archive_place
from detector.store.schema import Engine, open_store
from detector.text import counted, span

HEAD = ("", "threshold", "k of n", "on-delay", "off-delay", "alarms", "active", "marked false",
        "missed real", "from")  # fmt: skip


def show(args: argparse.Namespace) -> str:
    """Replay the stored scores with what is in force and with what is asked for.

    Raises:
        AlarmError: If the device has no scores of that time, or a value is not allowed.
        SettingsError: If the settings are refused.
        StoreError: If the store cannot be opened.
    """
    settings = load_settings(args.settings)
    store = open_store(settings.store.url, must_exist=True)
    place = place_at(archive_place(store, settings.store.archive))
    today, asked = _tunings(store, settings, args)
    end = _now(store, args.device) if args.end is None else args.end
    start = end - args.hours * 3600 if args.start is None else args.start
    if not start < end:
        raise AlarmError(f"--start: found {moment(start)}, allowed: before {moment(end)}")
    found = preview(store, place, args.device, start, end, [today, asked])
    if args.json:
        return as_json({**dataclasses.asdict(found), "tunings": [_told(today), _told(asked)]})
    return _table(found, (today, asked))


def _tunings(store: Engine, settings: Settings, args: argparse.Namespace) -> tuple[Tuning, Tuning]:
    with store.connect() as connection:
        status = devices.one(connection, args.device)
    threshold = 1.0 if status is None else status.threshold
    delays = given(store, settings, args.device)
    rule = settings.alarms_for(args.device)
    asked = requests.delays_of({"delays": {**dict(delays), **merged(args)}})
    assert asked is not None
    return (
        Tuning(threshold, rule.with_delays(delays)),
        Tuning(args.threshold or threshold, rule.with_delays(asked)),
    )


def _now(store: Engine, device: str) -> float:
    """This moment by the device's clock."""
    with store.connect() as connection:
        status = devices.one(connection, device)
    return time.time() + (0.0 if status is None else status.last_ts - status.last_arrival)


def _told(tuning: Tuning) -> dict[str, Any]:
    names = Delays.model_fields
    return {"threshold": tuning.threshold, **{n: getattr(tuning.rule, n) for n in names}}


def _table(found: Preview, tunings: tuple[Tuning, Tuning]) -> str:
    rows = [
        _row(word, outcome, tuning)
        for word, outcome, tuning in zip(
            ("today", "asked for"), found.outcomes, tunings, strict=True
        )
    ]
    lost = f", {counted(found.lost, 'file')} of the archive cannot be read" if found.lost else ""
    read = f"{counted(found.samples, 'score')}{lost}; raised then: {len(found.recorded)}"
    times = f"{moment(found.start)} to {moment(found.end)} UTC"
    return f"{times}, {read}\n{table(HEAD, rows, 'nothing')}"


def _row(word: str, outcome: Outcome, tuning: Tuning) -> tuple[str, ...]:
    rule = tuning.rule
    return (
        word, f"{tuning.threshold:g}", f"{rule.k} of {rule.n}", f"{rule.on_delay_s:g} s",
        f"{rule.off_delay_s:g} s", str(len(outcome.raised)), span(outcome.active_s),
        str(outcome.by_verdict.get("false", 0)), str(len(outcome.missed)),
        "every sample" if outcome.basis == "samples" else "highest of each second",
    )  # fmt: skip
