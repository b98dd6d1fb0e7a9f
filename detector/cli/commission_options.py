"""What ``commission`` and ``use`` take."""

from __future__ import annotations

import argparse
from pathlib import Path

from detector.cli.options import above, add_json, add_settings, instant


def add_commission(part: argparse.ArgumentParser) -> None:
    """Add its options."""
    add = part.add_argument
    add("device", metavar="DEVICE", help="whose own normal to learn")
    add("--who", required=True, metavar="NAME", help="who says that the machine runs as it should")
    add("--minutes", type=above(0), metavar="N", help="learn from the newest N minutes")
    add("--start", type=instant, metavar="ISO", help="or from this time on, in UTC unless it says")
    add("--end", type=instant, metavar="ISO", help="to before this time")
    add("--anyway", action="store_true", help="even where something speaks against the stretch")
    add("--why", metavar="TEXT", help="with --anyway: the reason, kept with it")
    add("--check", action="store_true", help="only tell whether it may be, and change nothing")
    add("--undo", action="store_true", help="go back to the version before, or to none")
    add_json(part)
    add_settings(part)


def add_use(part: argparse.ArgumentParser) -> None:
    """Add the options of ``use``."""
    add = part.add_argument
    add("device", metavar="DEVICE", help="which is to be watched by another model")
    add("model", metavar="MODEL", type=Path, help="folder of the bundle")
    add("--who", required=True, metavar="NAME", help="who says so; kept with it")
    add_json(part)
    add_settings(part)
