"""How many devices at 50 Hz with three features this machine carries, found by trying.

A trial is the whole chain: a publishing process, mosquitto, ``python -m detector serve`` on a fresh
SQLite store, and a subscriber that waits for the alarms of planted faults. It is carried when no
sample is lost, every fault has its alarm, the 95th percentile from handing a faulty batch to the
broker to the alarm is at most ``--most-ms``, and scoring is not thinned out. The number of devices
is doubled until a trial fails, then halved in between until the two are within ``--within``. Memory
of a device is the slope over the trials.

    python -m benchmarks.scale.capacity                      trials of five minutes
    python -m benchmarks.scale.capacity --seconds 20         a first look
    python -m benchmarks.scale.capacity --network lstm_ae_stream
    python -m benchmarks.scale.capacity --workers 2

Exit code 1 when fewer devices are carried than aimed at, or they need more memory.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import numpy as np

from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.load import FAULT_FIRST_S, FAULT_ROOM_S, Array, Load, make_signals
from benchmarks.lib.machine import machine
from benchmarks.lib.measure import Measured, measure
from benchmarks.lib.services import DetectorUnderTest
from benchmarks.scale.small_model import CONFIGS, train_small
from detector.settings.detector import DetectorSettings
from simulator.cli.options import number_where, positive, share, whole_from
from simulator.errors import SimulatorError

MOTORS = 16  # different ones; the others send what one of them did, with faults of their own
SHORTEST_S = FAULT_FIRST_S + FAULT_ROOM_S
LEAST = {"lstm_ae": 400, "lstm_ae_stream": 1000}  # devices, aimed at on two cores
MOST_KB = 100.0
FEWEST = 8  # devices; where these are too many, nothing is carried
MOST_DEVICES = 1000  # that one publishing process keeps up with
EXIT_NONE, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 1, 2, 130
BUSY = 0.85  # of a core, and a process that has but one thread for its work can do little more
LATE_MS = 100.0  # a publisher this late is what limits


@dataclass(frozen=True)
class Trial:
    """One number of devices.

    Attributes:
        devices: How many.
        p95_ms: From handing a faulty batch to the broker to its alarm; None without an alarm.
        why_not: What was not kept; empty: it was carried.
        found: All that was measured.
    """

    devices: int
    p95_ms: float | None
    why_not: str
    found: Measured

    @property
    def is_carried(self) -> bool:
        """Whether nothing was amiss."""
        return not self.why_not


def judged(devices: int, found: Measured, most_ms: float) -> Trial:
    """What a measurement says of a number of devices."""
    latencies = found.latencies_ms
    p95_ms = float(np.percentile(latencies, 95)) if latencies else None
    reasons = []
    if found.lost:
        reasons.append(f"{found.lost:,} samples not stored in time")
    if found.missed:
        reasons.append(f"{found.missed} of {found.faults} faults without an alarm")
    if found.thinned > 1:
        reasons.append(f"one window in {found.thinned} scored")
    if p95_ms is None or p95_ms > most_ms:
        reasons.append(f"p95 above {most_ms:g} ms")
    return Trial(devices, p95_ms, ", ".join(reasons), found)


def largest(
    try_devices: Callable[[int], Trial], first: int, most: int, within: float
) -> list[Trial]:
    """Try numbers of devices until the largest that is carried is known.

    Args:
        try_devices: Makes one trial.
        first: Number to begin with.
        most: No more than these.
        within: Share by which the smallest that is not carried may lie above the largest that is.

    Returns:
        All trials in the order they were made.
    """
    trials: list[Trial] = []
    carried, failed, number = 0, most + 1, first
    while True:
        trials.append(try_devices(number))
        if trials[-1].is_carried:
            carried = number
        else:
            failed = number
        if carried >= most or failed - carried <= max(1, within * carried) or failed <= FEWEST:
            return trials
        between = max((carried + failed) // 2, FEWEST)
        number = min(2 * carried, most) if failed > most else between


def limit_of(trials: list[Trial]) -> str:
    """What stands in the way of more, by the smallest trial that was not carried."""
    over = min((t for t in trials if not t.is_carried), key=lambda t: t.devices, default=None)
    if over is None:
        return f"nothing up to {max(t.devices for t in trials)} devices, the most that were tried"
    if over.found.late_ms > LATE_MS:
        return (f"the machine: the publisher itself was {over.found.late_ms:,.0f} ms late at "
                f"{over.devices} devices")  # fmt: skip
    cores = {name: over.found.cores(name) for name in ("detector", "mosquitto", "publisher")}
    busiest = max(cores, key=lambda name: cores[name])
    if cores[busiest] >= BUSY:
        return f"the {busiest}, which used {cores[busiest]:.2f} of a core at {over.devices} devices"
    return (f"{over.why_not} at {over.devices} devices, though the {busiest} used but "
            f"{cores[busiest]:.2f} of a core: other work on the machine, or the disk")  # fmt: skip


def memory_of_a_device(trials: list[Trial]) -> float | None:
    """Kilobytes (10^3) of resident memory by the slope over trials; None with one number only."""
    pairs = sorted({t.devices: t.found.end.rss_mb["detector"] for t in trials}.items())
    if len(pairs) < 2:
        return None
    devices, rss_mb = np.array(pairs).T
    return float(np.polyfit(devices, rss_mb, 1)[0]) * 1000


def main(arguments: list[str] | None = None) -> int:
    """Try and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    print(f"{machine()}, {args.network}, {args.rate:g} Hz x 3 features, batches of {args.batch}, "
          f"trials of {args.seconds:g} s after {args.warm_up:g} s\n", flush=True)  # fmt: skip
    try:
        trials = _try_all(args)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("stopped, nothing is left running", file=sys.stderr)
        return EXIT_INTERRUPTED
    return _report(trials, args)


def _try_all(args: argparse.Namespace) -> list[Trial]:
    print("| devices | samples/s | lost | alarms p50 | p95 | detector, cores | mosquitto "
          "| publisher | detector, MB | |\n|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="faultline-bench-") as name:
        folder = Path(name)
        train_small(folder / "model", args.rate, args.seed, args.network)

        def try_devices(devices: int) -> Trial:
            trial = _try(devices, args, folder)
            _row(trial, args)
            return trial

        return largest(try_devices, min(args.first, args.most), args.most, args.within)


def _try(devices: int, args: argparse.Namespace, folder: Path) -> Trial:
    load = Load(devices, args.rate, args.batch, args.seconds, args.warm_up)
    signals: Array = make_signals(load, args.seed + 1000, motors=MOTORS)
    model, chunk = folder / "model", DetectorSettings().chunk
    under_test = DetectorUnderTest(model, chunk, workers=args.workers)
    with tempfile.TemporaryDirectory(dir=folder) as run:
        title = f"{devices} devices"
        found = measure(title, load, signals, under_test, args.drain, Path(run))
    return judged(devices, found, args.most_ms)


def _row(trial: Trial, args: argparse.Namespace) -> None:
    found = trial.found
    p50 = f"{np.median(found.latencies_ms):,.0f} ms" if found.latencies_ms else "-"
    p95 = "-" if trial.p95_ms is None else f"{trial.p95_ms:,.0f} ms"
    cores = " | ".join(f"{found.cores(p):.2f}" for p in ("detector", "mosquitto", "publisher"))
    print(f"| {trial.devices} | {trial.devices * args.rate:,.0f} | {found.lost:,} | {p50} | {p95} "
          f"| {cores} | {found.end.rss_mb['detector']:.0f} "
          f"| {trial.why_not or 'carried'} |", flush=True)  # fmt: skip


def _report(trials: list[Trial], args: argparse.Namespace) -> int:
    carried = max((t.devices for t in trials if t.is_carried), default=0)
    print(f"\nlargest number of devices carried: {carried} ({carried * args.rate:,.0f} samples/s)")
    print(f"limited by {limit_of(trials)}")
    best = next((t for t in reversed(trials) if t.devices == carried), None)
    if best is not None:
        cores = best.found.cores("detector")
        print(
            f"the detector used {cores:.2f} cores for them: {carried / cores:,.0f} devices a core"
        )
    memory_kb = memory_of_a_device(trials)
    aims, least = list[Aim](), LEAST[args.network]
    if not args.workers:
        aims.append(Aim(f"{carried} devices carried, aim: {least}", carried >= least))
    if memory_kb is not None:
        print(f"memory of a device: {memory_kb:.0f} kB")
        line = f"{memory_kb:.0f} kB of memory for a device, aim: {MOST_KB:g} kB"
        aims.append(Aim(line, memory_kb <= MOST_KB))
    return tell(aims) if carried else EXIT_NONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale.capacity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    long_enough = number_where(lambda s: s >= SHORTEST_S, f"{SHORTEST_S:g} or more")
    add("--seconds", type=long_enough, default=300.0, metavar="S",
        help="measured time of a trial (default: %(default)g)")  # fmt: skip
    add("--warm-up", type=positive, default=8.0, metavar="S",
        help="same load before it, not measured (default: %(default)g)")  # fmt: skip
    add("--first", type=whole_from(1, MOST_DEVICES), default=100, metavar="N",
        help="devices of the first trial (default: %(default)s)")  # fmt: skip
    add("--most", type=whole_from(1, MOST_DEVICES), default=MOST_DEVICES, metavar="N",
        help="devices that are tried at most (default: %(default)s)")  # fmt: skip
    add("--within", type=share, default=0.15, metavar="SHARE",
        help="how near the answer must be (default: %(default)g)")  # fmt: skip
    add("--most-ms", type=positive, default=300.0, metavar="MS",
        help="95th percentile of an alarm's delay (default: %(default)g)")  # fmt: skip
    add("--rate", type=positive, default=50.0, metavar="HZ",
        help="samples per second of a device (default: %(default)g)")  # fmt: skip
    add("--batch", type=whole_from(3), default=25, metavar="N",
        help="samples per message (default: %(default)s)")  # fmt: skip
    add("--drain", type=positive, default=10.0, metavar="S",
        help="longest wait for the store at the end (default: %(default)g)")  # fmt: skip
    add("--network", choices=CONFIGS, default="lstm_ae", help="default: %(default)s, as shipped")
    add("--workers", type=whole_from(0, 256), default=0, metavar="N",
        help="processes that score beside the detector (default: %(default)s)")  # fmt: skip
    add("--seed", type=int, default=7, help="of model and signals (default: %(default)s)")
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
