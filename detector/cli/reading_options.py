"""What every command takes that reads recordings: what the files do not say themselves."""

from __future__ import annotations

import argparse

from detector.cli.options import above, names
from detector.sessions.recordings.contract import Hints


def add_reading(part: argparse.ArgumentParser) -> None:
    """Add the options that tell how files are read."""
    add = part.add_argument_group("reading").add_argument
    add("--rate", type=above(0), metavar="HZ", help="samples per second, for files without a time")
    add("--columns", type=names, metavar="A,B,…", help="names, for files without a header")
    add("--time-column", metavar="NAME", help="which column is the time (default: looked for)")
    order = part.add_mutually_exclusive_group()
    order.add_argument("--day-first", dest="day_first", action="store_true", default=None,
                       help="05/03 is the 5th of March")  # fmt: skip
    order.add_argument("--month-first", dest="day_first", action="store_false",
                       help="05/03 is May the 3rd")  # fmt: skip


def hints_of(args: argparse.Namespace) -> Hints:
    """What was said of the files."""
    columns = None if args.columns is None else tuple(args.columns)
    return Hints(args.rate, columns, args.time_column, args.day_first)
