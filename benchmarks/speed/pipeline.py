"""The whole pipeline under load: samples lost, publish -> alarm latency, CPU and memory.

Starts a mosquitto, a detector (``python -m detector serve`` on a fresh SQLite store) and a
publishing process, all in a temporary folder, and watches them from outside. Then the same load
meets a detector that makes one forward per window, the naive reference. The signals are
simulated 600 rpm motors sampled at ``--rate``, always running, with a bias of ten standard
deviations on one axis for two seconds as the planted fault.

Exit code 1 when samples were lost by the batched detector; the naive one need not keep up.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import numpy as np

from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.load import FAULT_FIRST_S, FAULT_ROOM_S, Load, make_signals
from benchmarks.lib.measure import Measured, measure
from benchmarks.lib.services import DetectorUnderTest
from benchmarks.scale.pipeline_report import as_json, as_text
from benchmarks.scale.small_model import train_small
from detector.settings.detector import DetectorSettings
from simulator.cli.options import number_where, positive, whole_from
from simulator.errors import SimulatorError
from simulator.machines.motor import MOTORS, check_speed

CHUNKS = {"batched": DetectorSettings().chunk, "one by one": 1}
MOST_MS = 300.0  # of the 95th percentile of an alarm's delay
SHORTEST_S = FAULT_FIRST_S + FAULT_ROOM_S
EXIT_LOST, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 1, 2, 130


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    load = Load(args.devices, args.rate, args.batch, args.seconds, args.warm_up)
    try:
        check_speed(MOTORS["motor-600"].rpm, load.rate_hz)
        runs = _measure_all(load, args)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("stopped, nothing is left running", file=sys.stderr)
        return EXIT_INTERRUPTED
    print(json.dumps(as_json(load, runs), indent=2) if args.json else as_text(load, runs))
    if not args.json:
        tell(_aims(runs["batched"]))
    return EXIT_LOST if runs["batched"].lost else 0


def _aims(found: Measured) -> list[Aim]:
    p95_ms = float(np.percentile(found.latencies_ms, 95)) if found.latencies_ms else np.inf
    return [
        Aim(f"batched: {found.lost:,} samples lost, aim: 0", found.lost == 0),
        Aim(f"batched: 95 of 100 alarms within {p95_ms:,.0f} ms, aim: {MOST_MS:g} ms",
            p95_ms <= MOST_MS and not found.missed),
    ]  # fmt: skip


def _measure_all(load: Load, args: argparse.Namespace) -> dict[str, Measured]:
    chosen = ["batched"] if args.skip_naive else list(CHUNKS)
    with tempfile.TemporaryDirectory(prefix="faultline-bench-") as name:
        folder = Path(name)
        train_small(folder / "model", load.rate_hz, args.seed)
        signals = make_signals(load, args.seed + 1000)
        runs = {}
        for title in chosen:
            run = folder / title.replace(" ", "-")
            run.mkdir()
            under_test = DetectorUnderTest(folder / "model", CHUNKS[title])
            runs[title] = measure(title, load, signals, under_test, args.drain, run)
        return runs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.pipeline",
        description=__doc__,
        epilog="examples:\n"
        "  python -m benchmarks.speed.pipeline                     the figures of the README\n"
        "  python -m benchmarks.speed.pipeline --seconds 10 --skip-naive      a first look\n"
        "  python -m benchmarks.speed.pipeline --devices 300 --rate 100      more load",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    long_enough = number_where(lambda s: s >= SHORTEST_S, f"{SHORTEST_S:g} or more")
    add("--seconds", type=long_enough, default=60.0, metavar="S",
        help="measured time (default: %(default)g)")  # fmt: skip
    add("--warm-up", type=positive, default=10.0, metavar="S",
        help="same load before it, not measured (default: %(default)g)")  # fmt: skip
    add("--devices", type=whole_from(1, 1000), default=100, metavar="N",
        help="devices that publish (default: %(default)s)")  # fmt: skip
    add("--rate", type=positive, default=50.0, metavar="HZ",
        help="samples per second of a device, above 20 (default: %(default)g)")  # fmt: skip
    add("--batch", type=whole_from(3), default=25, metavar="N",
        help="samples per message (default: %(default)s)")  # fmt: skip
    add("--drain", type=positive, default=30.0, metavar="S",
        help="longest wait for the store at the end (default: %(default)g)")  # fmt: skip
    add("--skip-naive", action="store_true", help="without the naive reference")
    add("--seed", type=int, default=7, help="of model and signals (default: %(default)s)")
    add("--json", action="store_true", help="print JSON instead of tables")
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
