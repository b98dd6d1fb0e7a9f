"""What ``adopt`` takes: a topic to listen to, a machine to learn, or one to confirm."""

from __future__ import annotations

import argparse
from pathlib import Path

from detector.cli.options import above, add_json, add_settings, at_least
from detector.cli.reading_options import add_reading


def add_adopt(part: argparse.ArgumentParser) -> None:
    """Add the options of all forms, and what they share."""
    part.add_argument("name", nargs="?", metavar="DEVICE", help="the same as --device")
    _add_topic(part)
    _add_machine(part)
    _add_confirm(part)
    add_reading(part)
    add_json(part)
    add_settings(part)


def _add_topic(part: argparse.ArgumentParser) -> None:
    add = part.add_argument_group("listen, and print the settings to paste").add_argument
    add("--topic", metavar="FILTER", help="what to listen to, such as 'plant/#'; '#' is all that "
        "may be read")  # fmt: skip
    add("--seconds", type=at_least(1), default=60,
        help="how long (default: %(default)s); Ctrl-C ends it early")  # fmt: skip


def _add_machine(part: argparse.ArgumentParser) -> None:
    add = part.add_argument_group("learn one machine's own model").add_argument
    add("--device", metavar="DEVICE", help="whose normal running to learn")
    add("--minutes", type=above(0), default=10.0,
        help="of running to learn from, standstill not counted (default: %(default)g)")  # fmt: skip
    add("--start", metavar="TIME", help="learn from what came since then, as in 2026-05-04T10:15 "
        "(UTC; default: the newest, back to an alarm or a change of rate)")  # fmt: skip
    add("--recording", nargs="+", type=Path, metavar="FILE",
        help="learn from files instead; labelled faults are left out")  # fmt: skip
    add("--out", type=Path, metavar="FOLDER", help="of the bundle (default: models/DEVICE)")
    add("--force", action="store_true", help="replace the bundle that is there")
    add("--from", dest="base", type=Path, metavar="BUNDLE",
        help="begin from it, with --base commission it (default: the nearest beside --out are "
        "tried as well)")  # fmt: skip
    add("--own", action="store_true", help="a model of its own, whatever a shipped one finds")
    add("--base", dest="on_base", action="store_true",
        help="the shipped model as it is, the machine commissioned on it (default: what finds the "
        "smaller faults in running that none has seen)")  # fmt: skip
    add("--seed", type=int, default=0, help="same seed, same bytes (default: %(default)s)")
    add("--no-settings", action="store_true",
        help="print the lines for the settings instead of writing them")  # fmt: skip
    add("--progress", type=Path, metavar="FILE", help="write how far it is into it, as JSON")


def _add_confirm(part: argparse.ArgumentParser) -> None:
    add = part.add_argument_group("let what was learnt by itself raise alarms").add_argument
    add("--confirm", action="store_true", help="the provisional model of DEVICE")
    add("--who", metavar="NAME", help="kept with it (default: the user)")
