"""Options of ``store``. Imports nothing that takes time."""

from __future__ import annotations

import argparse
from pathlib import Path

from detector.cli.options import add_json, add_settings


def add_store(part: argparse.ArgumentParser) -> None:
    """Add what can be done with a store."""
    whats = part.add_subparsers(dest="what", required=True, metavar="WHAT")
    status = whats.add_parser("status", help="tell what it holds, how fast it grows and until when "
                              "the disk has room")  # fmt: skip
    add_json(status)
    compact = whats.add_parser("compact", help="do at once what a detector does by and by, while "
                               "none runs: merge, archive, delete, shrink the file")  # fmt: skip
    compact.add_argument("--all", action="store_true", dest="is_all",
                         help="archive everything up to the newest sample")  # fmt: skip
    backup = whats.add_parser("backup", help="copy an SQLite store, also while a detector writes")
    backup.add_argument("file", type=Path, metavar="FILE", help="the copy")
    backup.add_argument("--force", action="store_true", help="replace FILE where it exists")
    migrate = whats.add_parser("migrate", help="bring an older store to this version, while no "
                               "detector runs; `serve` does so at its start")  # fmt: skip
    migrate.add_argument("--no-backup", action="store_true", help="without a copy beside it first")
    for one in (status, compact, backup, migrate):
        one.description = f"{one.prog.rpartition(' ')[2].capitalize()} of the store."
        add_settings(one)
