"""What survives what: a real mosquitto, a detector and four formats, hurt under load.

Four devices publish the same samples at QoS 1, 100 a second each: columns of JSON, Sparkplug B with
aliases, line protocol, and a topic per channel. One row per ordeal: what of it is in the store.
A row is missing too where one of its values is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.soak.judging import Outcome
from benchmarks.soak.ordeals import LONG, ordeals, suffer
from benchmarks.soak.plant import BATCH, Plant
from benchmarks.soak.site import Site
from simulator.errors import SimulatorError

HEAD = ("ordeal", "sent", "stored", "missing", "twice", "")
EXIT_LOST, EXIT_BAD_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Hurt, count and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    extent = replace(LONG, moments=args.moments // BATCH * BATCH)
    chosen = {name: hurt for name, hurt in ordeals(extent).items() if name in args.only}
    began = round(time.time(), 2)
    plants = {name: Plant(name, extent.moments, began) for name in chosen}
    outcomes = []
    print(f"{HEAD[0]:10}" + "".join(f"{title:>9}" for title in HEAD[1:]))
    try:
        with (
            tempfile.TemporaryDirectory(prefix="faultline-soak-") as folder,
            Site(Path(folder), list(plants.values())) as site,
        ):
            for name, hurt in chosen.items():
                outcomes.append(suffer(name, site, plants[name], hurt))
                print(_row(outcomes[-1]), flush=True)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0 if all(outcome.is_whole for outcome in outcomes) else EXIT_LOST


def _row(outcome: Outcome) -> str:
    total = outcome.total
    figures = (total.sent, total.stored, total.missing, total.twice + total.strange)
    notes = list(outcome.notes)
    if not outcome.is_whole:
        notes += [f"{form}: {found}" for form, found in outcome.by_format.items()]
    return f"{outcome.name:10}" + "".join(f"{n:9,}" for n in figures) + f"  {'; '.join(notes)}"


def _parser() -> argparse.ArgumentParser:
    names = list(ordeals(LONG))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak.survive",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--moments", type=int, default=LONG.moments, metavar="N",
                        help="samples of each device (default: %(default)s)")  # fmt: skip
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME",
                        help=f"of {', '.join(names)} (default: all)")  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
