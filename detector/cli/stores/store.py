"""``store``: what it holds, its upkeep at once, a copy of it, and its migration by hand."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from tqdm import tqdm

from detector.cli.stores.status_report import report
from detector.cli.tables import as_json
from detector.errors import StoreError
from detector.records import DetectorHealth
from detector.service.keeping import rules_of
from detector.service.lease import Lease
from detector.settings.load import load_settings
from detector.store.archive import place
from detector.store.connecting import reason_of, shown
from detector.store.keeping.compacting import compact
from detector.store.measuring.usage import measure
from detector.store.places import archive_place
from detector.store.schema import Engine, StoreFailure, open_store
from detector.store.upkeep.backup import Tell, back_up, refuse_not_copied
from detector.store.upkeep.damage import refuse_damaged
from detector.store.upkeep.migrating import migrate
from detector.store.versions import VERSION
from detector.text import counted

SLOW_S = 1.0  # after which progress shows
COMPACTING, MIGRATING = "compacting", "migrating"


def store(args: argparse.Namespace) -> str:
    """Do what is asked.

    Raises:
        SettingsError: If the settings are refused.
        StoreError: If the store cannot be used, or the copy not be written.
    """
    return COMMANDS[args.what](args)


def _status(args: argparse.Namespace) -> str:
    settings = load_settings(args.settings).store
    with _opened(settings.url) as opened:
        where = archive_place(opened, settings.archive)
        try:
            usage = measure(opened, place.place_at(where), rules_of(settings), time.time())
        except OSError as error:
            raise StoreError(
                f"store.archive: {place.shown(where)} cannot be listed: {error.strerror or error}"
            ) from None
    return as_json(usage) if args.json else report(usage, settings.retention_days)


def _compact(args: argparse.Namespace) -> str:
    settings = load_settings(args.settings).store
    with (
        _opened(settings.url, may_be_older=False) as opened,
        _held(opened, COMPACTING),
        _progress("sample") as tell,
    ):
        where, rules = archive_place(opened, settings.archive), rules_of(settings)
        try:
            done = compact(opened, where, rules, time.time(), tell, is_all=args.is_all)
        except (OSError, StoreFailure) as error:
            raise StoreError(
                f"store {shown(settings.url)}: not compacted to the end: {reason_of(error)}; what "
                "is done by then stays, the rest is as before"
            ) from None
    shrunk = f"; not shrunk, {done.needed / 1e6:,.1f} MB more are needed" if done.needed else ""
    return (
        f"archived: {counted(done.closed, 'sample')}, in the archive: "
        f"{done.archive / 1e6:,.1f} MB\n"
        f"store: {done.before / 1e6:,.1f} MB before, {done.after / 1e6:,.1f} MB now{shrunk}"
    )


def _backup(args: argparse.Namespace) -> str:
    url = load_settings(args.settings).store.url
    refuse_not_copied(url)
    with _opened(url) as opened, _progress() as tell:
        size = back_up(opened, args.file, force=args.force, tell=tell)
    return f"written: {args.file}, {size / 1e6:,.1f} MB, checked"


def _migrate(args: argparse.Namespace) -> str:
    with (
        _opened(load_settings(args.settings).store.url) as opened,
        _held(opened, MIGRATING) as owner,
        _progress() as tell,
    ):
        done = migrate(opened, owner, has_backup=not args.no_backup, tell=tell)
    if done is None:
        return f"the store is of version {VERSION}, nothing to do"
    kept = f"the store as it was is {done.backup}" if done.backup else "no copy was made of it"
    return f"version {done.before} to {done.after}; {kept}"


@contextmanager
def _opened(url: str, *, may_be_older: bool = True) -> Iterator[Engine]:
    opened = open_store(url, may_be_older=may_be_older, must_exist=True)
    try:
        yield opened
    finally:
        opened.dispose()


@contextmanager
def _held(opened: Engine, doing: str) -> Iterator[str]:
    """The lease, so that no detector runs meanwhile; a damaged store keeps it, as of a detector."""
    lease = Lease(opened)
    is_unclean = lease.take()
    with lease.kept_by(lambda: DetectorHealth(lease.owner, time.time(), doing, {})):
        if is_unclean:
            refuse_damaged(opened)
        yield lease.owner
    lease.release()


@contextmanager
def _progress(unit: str = "page") -> Iterator[Tell]:
    """A bar of what is done, once it takes long."""
    with closing(tqdm(unit=unit, unit_scale=True, leave=False, delay=SLOW_S,
                      disable=not sys.stderr.isatty())) as bar:  # fmt: skip

        def tell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield tell


COMMANDS: dict[str, Callable[[argparse.Namespace], str]] = {
    "status": _status,
    "compact": _compact,
    "backup": _backup,
    "migrate": _migrate,
}
