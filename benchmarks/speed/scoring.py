"""What scoring costs, beside the naive form: ``python -m benchmarks.speed.scoring``.

Three parts: ``batches``, one forward a window against a batch over all devices; ``fleet``, what a
sample costs with 4,000 devices against 256; ``tick``, what a live tick spends beside the network,
and on what. All figures are CPU time of one thread, which bears other work on the machine better
than seconds do. Exit code 1 when an aim is missed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
import signal
import sys

import torch

from benchmarks.lib.aims import tell
from benchmarks.lib.machine import machine
from benchmarks.scale.batches import batches
from benchmarks.scale.fleet_size import fleet_size
from benchmarks.scale.tick import tick
from simulator.cli.options import whole_from
from simulator.errors import SimulatorError

PARTS = {"batches": batches, "fleet": fleet_size, "tick": tick}
EXIT_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    args = _arguments(arguments)
    torch.set_num_threads(1)
    print(machine())
    aims = []
    try:
        for name in args.parts or PARTS:
            print(f"\n{name}\n", flush=True)
            aims += PARTS[name](args.devices, args.rounds)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped, nothing is left running", file=sys.stderr)
        return EXIT_INTERRUPTED
    return tell(aims)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.scoring",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help=f"of {', '.join(PARTS)} (default: all)")  # fmt: skip
    parser.add_argument("--devices", type=whole_from(1, 1000), default=100, metavar="N",
                        help="of the batch and of the tick (default: %(default)s)")  # fmt: skip
    parser.add_argument("--rounds", type=whole_from(1), default=7, metavar="N",
                        help="medians of so many count (default: %(default)s)")  # fmt: skip
    args = parser.parse_args(arguments)
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"found {', '.join(sorted(unknown))}, allowed: {', '.join(PARTS)}")
    return args


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
