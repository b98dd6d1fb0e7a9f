"""``store``: what it holds, a copy of it, and its migration by hand."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from tqdm import tqdm

from detector.cli.stores.status_report import report
from detector.cli.tables import as_json
from detector.records import DetectorHealth
from detector.service.lease import Lease
from detector.settings.load import load_settings
from detector.store.schema import Engine, open_store
from detector.store.upkeep.backup import Tell, back_up, refuse_not_copied
from detector.store.upkeep.damage import refuse_damaged
from detector.store.upkeep.migrating import migrate
from detector.store.upkeep.usage import measure
from detector.store.versions import VERSION

SLOW_S = 1.0  # after which progress shows
MIGRATING = "migrating"


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
        usage = measure(opened, settings.retention_days, time.time())
    return as_json(usage) if args.json else report(usage, settings.retention_days)


def _backup(args: argparse.Namespace) -> str:
    url = load_settings(args.settings).store.url
    refuse_not_copied(url)
    with _opened(url) as opened, _progress() as tell:
        size = back_up(opened, args.file, force=args.force, tell=tell)
    return f"written: {args.file}, {size / 1e6:,.1f} MB, checked"


def _migrate(args: argparse.Namespace) -> str:
    with (
        _opened(load_settings(args.settings).store.url) as opened,
        _held(opened) as owner,
        _progress() as tell,
    ):
        done = migrate(opened, owner, has_backup=not args.no_backup, tell=tell)
    if done is None:
        return f"the store is of version {VERSION}, nothing to do"
    kept = f"the store as it was is {done.backup}" if done.backup else "no copy was made of it"
    return f"version {done.before} to {done.after}; {kept}"


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    opened = open_store(url, may_be_older=True, must_exist=True)
    try:
        yield opened
    finally:
        opened.dispose()


@contextmanager
def _held(opened: Engine) -> Iterator[str]:
    """The lease, so that no detector runs meanwhile; a damaged store keeps it, as of a detector."""
    lease = Lease(opened)
    is_unclean = lease.take()
    with lease.kept_by(lambda: DetectorHealth(lease.owner, time.time(), MIGRATING, {})):
        if is_unclean:
            refuse_damaged(opened)
        yield lease.owner
    lease.release()


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar of pages copied, once it takes long."""
    with closing(tqdm(unit="page", unit_scale=True, leave=False, delay=SLOW_S,
                      disable=not sys.stderr.isatty())) as bar:  # fmt: skip

        def tell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield tell


COMMANDS: dict[str, Callable[[argparse.Namespace], str]] = {
    "status": _status,
    "backup": _backup,
    "migrate": _migrate,
}
