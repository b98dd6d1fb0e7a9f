"""What a store takes and costs: ``python -m benchmarks.speed.store``.

Four parts: ``sizes`` of a sample in each tier, ``commits`` while hours are archived, samples
deleted, flight records written and rows exported, ``history`` over a billion samples, ``opening`` a
store of ten million frames. ``--quick`` makes fiftieths. Whether a limit of size holds is asked by
``python -m benchmarks.soak.size_limit``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.lib.machine import machine
from benchmarks.stores.beside import commits
from benchmarks.stores.history import SAMPLES, look_back
from benchmarks.stores.opening import opening
from benchmarks.stores.sizes import sizes

# What each part is given: a folder, and one if it is to be whole, a fiftieth if it is to be quick.
PARTS: dict[str, Callable[[Path, float], bool]] = {
    "sizes": lambda folder, part: sizes(folder, round(60_000 * max(part, 0.2))),
    "commits": lambda folder, part: commits(folder, 20.0 * max(part, 0.2)),
    "history": lambda folder, part: look_back(folder, round(SAMPLES * part)),
    "opening": lambda folder, part: opening(folder, round(10_000_000 * part)),
}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.store")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    args = parser.parse_args(arguments)
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"found {', '.join(unknown)}, allowed: {', '.join(PARTS)}")
    print(machine())
    is_met = [_part(name, args) for name in args.parts or PARTS]
    return 0 if all(is_met) else 1


def _part(name: str, args: argparse.Namespace) -> bool:
    print(f"\n{name}\n", flush=True)
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        return PARTS[name](Path(folder), 0.02 if args.quick else 1.0)


if __name__ == "__main__":
    sys.exit(main())
