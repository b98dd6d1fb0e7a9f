"""What an operator says to alarms and devices; each waits for the detector's word and prints it."""

from __future__ import annotations

import argparse
from typing import Any

from detector.alarms import requests
from detector.alarms.requests import who_of
from detector.cli.operating import delays
from detector.cli.operating.asking import ask
from detector.errors import AlarmError
from detector.settings.load import load_settings
from detector.store import alarms, commands
from detector.store.schema import Engine, open_store
from detector.text import inert

DONE = {
    requests.ACK: "acknowledged", requests.SHELVE: "shelved", requests.UNSHELVE: "unshelved",
    requests.COMMENT: "comment noted", requests.VERDICT: "verdict noted",
}  # fmt: skip


def answer_alarms(args: argparse.Namespace) -> str:
    """``ack``, ``shelve``, ``unshelve``, ``comment``, ``verdict``: all of the alarms or none.

    Raises:
        AlarmError: If the detector refuses, with its reason.
    """
    store, settings = _store(args)
    value: dict[str, Any] = {"alarms": args.alarms, "why": getattr(args, "why", None)}
    if args.command == requests.SHELVE:
        value["minutes"] = args.minutes
    if args.command == requests.VERDICT:
        value |= {"verdict": args.verdict, "why": args.cause}
    if args.command == requests.COMMENT:
        value["why"] = args.text
    requests.read(args.command, value, settings.alarms.shelve_at_most_h)
    device = _device_of(store, args.alarms)
    numbers = ", ".join(str(number) for number in dict.fromkeys(args.alarms))
    said = f"alarm{'s' if ',' in numbers else ''} {numbers}: {DONE[args.command]}"
    return _ask(args, store, device, value, said)


def answer_device(args: argparse.Namespace) -> str:
    """``maintenance``, ``out-of-service``, ``threshold``, ``delays`` and ``note`` of a device.

    Raises:
        AlarmError: If the detector refuses, with its reason.
    """
    store, settings = _store(args)
    if args.command == commands.DELAYS:
        value, said = delays.asked(args, delays.given(store, settings, args.device))
    else:
        value, said = _DEVICE[args.command](args)
    return _ask(args, store, args.device, value, f"{inert(args.device)}: {said}")


def _maintenance(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    if not args.undo and args.minutes is None:
        raise AlarmError("maintenance: found no length, allowed: --minutes N, or --undo")
    said = "maintenance ended" if args.undo else f"in maintenance for {args.minutes:g} minutes"
    return {"minutes": args.minutes, "undo": args.undo, "why": args.why}, said


def _out_of_service(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    said = "back in service" if args.undo else "out of service until `--undo`"
    return {"undo": args.undo, "why": args.why}, said


def _threshold(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    if (args.value is None) == (not args.reset):
        raise AlarmError("threshold: found neither or both, allowed: one of VALUE and --reset")
    said = "threshold as in the settings" if args.reset else f"threshold {args.value:g}"
    return {"threshold": args.value, "why": args.why}, said


def _note(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    value = {"start": args.start, "end": args.start if args.end is None else args.end}
    value |= {"why": args.why}
    requests.read(requests.NOTE, value, 0.0)
    return value, "noted"


_DEVICE = {
    requests.NOTE: _note,
    requests.MAINTENANCE: _maintenance,
    requests.OUT_OF_SERVICE: _out_of_service,
    commands.THRESHOLD: _threshold,
}


def _store(args: argparse.Namespace) -> tuple[Engine, Any]:
    settings = load_settings(args.settings)
    return open_store(settings.store.url), settings


def _device_of(store: Engine, numbers: list[int]) -> str:
    """Whose alarms they are; empty where they are not one device's."""
    with store.connect() as connection:
        found = {getattr(alarms.one(connection, number), "device", "") for number in numbers}
    return found.pop() if len(found) == 1 else ""


def _ask(
    args: argparse.Namespace, store: Engine, device: str, value: dict[str, Any], said: str
) -> str:
    who = who_of(args.who or commands.user())
    outcome = ask(store, device, args.command, value, who)
    if outcome is None:
        return f"{said}, asked for by {who}; it counts once a detector runs"
    if outcome != "applied":
        raise AlarmError(f"{args.command}: {outcome}")
    return f"{said}, by {who}"
