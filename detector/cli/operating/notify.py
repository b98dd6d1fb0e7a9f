"""``notify``: a test message to each target, or how it stands with them."""

from __future__ import annotations

import argparse
import dataclasses
import time

from detector.cli.tables import as_json, moment, table
from detector.errors import NotifyError, SettingsError
from detector.notifying.targets import open_target
from detector.notifying.words import TEST
from detector.settings.load import load_settings
from detector.settings.targets.notify import NotifySettings
from detector.settings.tree import Settings
from detector.store.outbox import outbox
from detector.store.outbox.outbox import Standing
from detector.store.schema import open_store
from detector.text import counted, inert, span

NONE = "notify: found no [[notify]] in the settings, allowed: at least one"


def notify(args: argparse.Namespace) -> str:
    """Send a test message to each target, or tell what waits.

    Raises:
        NotifyError: If there is no target, or not every test was delivered.
    """
    settings = load_settings(args.settings)
    if args.json and args.test:
        raise NotifyError("notify: --json with --test, allowed: with --status")
    if not settings.notify:
        raise NotifyError(NONE)
    return _status(settings, as_objects=args.json) if args.status else _test(settings)


def _test(settings: Settings) -> str:
    failed = 0
    for target in settings.notify:
        line, is_delivered = _tried(target)
        failed += not is_delivered
        print(line, flush=True)
    if failed:
        whole = counted(len(settings.notify), "target")
        raise NotifyError(f"notify: {failed} of {whole} did not get the test message")
    return ""


def _tried(target: NotifySettings) -> tuple[str, bool]:
    """What came back, in one line, and whether it was delivered."""
    try:
        opened = open_target(target)
    except SettingsError as error:
        return str(error), False
    began = time.monotonic()
    reason = opened.send(TEST)
    said = "delivered" if reason is None else f"not delivered: {reason}"
    took = span(time.monotonic() - began)
    return f"notify {inert(target.key)}: {opened.shown}: {said} ({took})", reason is None


def _status(settings: Settings, *, as_objects: bool) -> str:
    store = open_store(settings.store.url)
    try:
        with store.connect() as connection:
            found = outbox.standings(connection, [one.key for one in settings.notify])
    finally:
        store.dispose()
    if as_objects:
        return as_json([dataclasses.asdict(one) for one in found])
    head = ("target", "waiting", "since", "attempts", "sent", "last sent", "dropped", "what")
    known = {target.key for target in settings.notify}
    return table(head, [_row(one, is_known=one.target in known) for one in found], "no targets")


def _row(one: Standing, *, is_known: bool) -> tuple[str, ...]:
    said = [] if is_known else ["no longer in the settings"]
    if one.flood_since is not None:
        said.append(f"in a flood since {moment(one.flood_since)}")
    if one.reason is not None and is_known:
        said.append(one.reason)
    return (
        one.target, str(one.waiting), _moment(one.oldest), str(one.attempts), str(one.sent),
        _moment(one.last_sent), str(one.dropped), "; ".join(said),
    )  # fmt: skip


def _moment(at: float | None) -> str:
    return "" if at is None else moment(at)
