"""What ``export`` takes; kept apart from what it does, which imports pyarrow."""

from __future__ import annotations

import argparse
from pathlib import Path

from detector.cli.options import add_settings, at_least

EVERY = ("1s", "1min", "15min")  # as ``detector.store.history.rollups`` names them


def add_export(part: argparse.ArgumentParser) -> None:
    """Add the options of ``export``."""
    add = part.add_argument
    whose = part.add_mutually_exclusive_group(required=True)
    whose.add_argument("--device", help="whose samples")
    whose.add_argument("--alarm", type=at_least(1), metavar="ID", help="instead, all from a minute "
                       "before to a minute after this alarm: its flight record")  # fmt: skip
    add("--start", metavar="ISO", help="from this time, in UTC unless it says "
        "(2026-03-01, 2026-03-01T12:00, ...T12:00+09:00; default: the first sample)")  # fmt: skip
    add("--end", metavar="ISO", help="to before this time (default: the newest sample)")
    add("--every", choices=EVERY, help="one row a second, minute or quarter of an hour with the "
        "smallest, mean and largest value, instead of every sample")  # fmt: skip
    add("--out", type=Path, required=True, metavar="FILE", help="FILE.csv or FILE.parquet")
    add("--force", action="store_true", help="replace FILE where it exists")
    add_settings(part)
