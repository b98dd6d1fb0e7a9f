"""Samples a second of the engines that ``[detector]`` can ask for, side by side in one run.

Each gets the same blocks of simulated motors, the shipped model scores them; nothing is received
or stored. The engines take turns, so other work on the machine meets all of them. Beside the rate
stands what a sample takes of this process, which in a detector receives and stores as well.
Where Ray is asked for and not installed, all of it runs in an environment that has it, made once.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from tqdm import tqdm

from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.apart import with_ray
from benchmarks.lib.load import healthy
from benchmarks.lib.machine import machine
from detector.engines.contract import ScoringEngine
from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, Samples
from detector.settings.tree import Settings
from detector.workers.processes import Processes
from detector.workers.spread import SpreadFleet
from simulator.cli.options import whole_from

MODEL, RATE_HZ, RPM, START = Path("models/motor-600rpm"), 100.0, 600.0, 1_772_366_400.0
FEATURES = ("acc_x", "acc_y", "acc_z", "rpm")
KINDS = 8  # motors that differ; the devices share them
MODULE = "benchmarks.scale.workers"
LEAST_OF_WORKERS = 0.85  # of their samples a second
WARM_UP = 4  # calls, after which every session has its windows and every worker its streams


@dataclass
class Rival:
    """An engine and what was measured of it, round by round."""

    name: str
    engine: ScoringEngine
    done: int = 0
    per_s: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def run(self, calls: Sequence[list[TakenBlock]]) -> None:
        """Give all of these and wait for what comes of them."""
        samples = sum(len(block.samples) for blocks in calls for block in blocks)
        began, computed, before = time.perf_counter(), time.process_time(), self.done
        for blocks in calls:
            self._give(blocks)
        while self.engine.oldest_lot is not None:
            self._give([])
        seconds = time.perf_counter() - began
        assert self.done - before == samples, f"{self.name}: {self.done - before} of {samples}"
        self.per_s.append(samples / seconds)
        self.cpu_us.append(1e6 * (time.process_time() - computed) / samples)

    def _give(self, blocks: list[TakenBlock]) -> None:
        while not self.engine.has_room:
            self._take([])
        self._take(blocks)

    def _take(self, blocks: list[TakenBlock]) -> None:
        self.engine.begin(blocks)
        done = self.engine.give(blocks, 0, 0.0 if blocks else 1.0)
        self.engine.committed()
        self.done += sum(len(frame.ts) for frame in done.frames)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    if args.ray and find_spec("ray") is None:
        return with_ray(MODULE, sys.argv[1:] if arguments is None else arguments)
    size = max(args.samples // args.devices, 1)
    count = WARM_UP + args.rounds * args.calls
    calls = _calls(args.devices, size, count)
    settings = Settings(devices=({"match": "*", "model": MODEL},))
    with ExitStack() as ends:
        rivals = []
        for name, make in _engines(settings, args.workers, args.ray):
            rivals.append(Rival(name, make()))
            ends.callback(rivals[-1].engine.close)
        warm = [next(calls) for _ in range(WARM_UP)]
        for rival in rivals:
            rival.run(warm)
            rival.per_s.clear()
            rival.cpu_us.clear()
        for _ in tqdm(range(args.rounds), desc="rounds", unit="round", disable=None):
            part = [next(calls) for _ in range(args.calls)]
            for rival in rivals:
                rival.run(part)
    print(f"{machine()}, {args.devices} devices, {size * args.devices:,} samples a call, "
          f"{args.calls} calls, median of {args.rounds} rounds\n")  # fmt: skip
    print("| engine | samples/s | of local | CPU of this process | of local |")
    print("|---|---|---|---|---|")
    first = rivals[0]
    for rival in rivals:
        rate, cpu = (np.array(found) for found in (rival.per_s, rival.cpu_us))
        print(f"| {rival.name} | {np.median(rate):,.0f} | {np.median(rate / first.per_s):.2f} "
              f"| {np.median(cpu):.2f} µs a sample "
              f"| {np.median(cpu / first.cpu_us):.2f} |")  # fmt: skip
    return tell(_aims(rivals)) if args.ray else 0


def _aims(rivals: Sequence[Rival]) -> list[Aim]:
    """Of Ray, against as many workers."""
    ray = rivals[-1]
    beside = next((one for one in rivals if ray.name == f"ray, {one.name}"), None)
    if beside is None:
        return []
    share = float(np.median(np.array(ray.per_s) / beside.per_s))
    line = f"{ray.name}: {share:.2f} of the samples/s of {beside.name}"
    return [Aim(f"{line}, aim: {LEAST_OF_WORKERS:g}", share >= LEAST_OF_WORKERS)]


def _engines(
    settings: Settings, workers: Sequence[int], ray: int
) -> Iterator[tuple[str, Callable[[], ScoringEngine]]]:
    def nothing_stored(*_: object) -> tuple[list[Frame], list[Frame]]:
        return [], []

    yield "local", lambda: Fleet(settings, nothing_stored, {})
    for n in workers:
        many = partial(SpreadFleet, settings, nothing_stored, {}, Processes(), n)
        yield f"workers = {n}", many
    if n := ray:
        from detector.workers.ray_actors import RayActors  # noqa: PLC0415 -- an extra

        actors = RayActors(None, n)
        yield f"ray, workers = {n}", partial(SpreadFleet, settings, nothing_stored, {}, actors, n)


def _calls(devices: int, size: int, count: int) -> Iterator[list[TakenBlock]]:
    """Blocks of all devices, call after call."""
    length = size * count
    motors = []
    for kind in range(KINDS):
        values = np.column_stack([healthy(kind, length, RATE_HZ), np.full(length, RPM)])
        motors.append(values.astype(np.float32))
    ts = START + np.arange(length) / RATE_HZ
    for call in range(count):
        rows = slice(call * size, (call + 1) * size)
        parts = [Samples(FEATURES, ts[rows], values[rows]) for values in motors]
        yield [TakenBlock(f"motor-{n}", parts[n % KINDS], 0.0, broken=False)
               for n in range(devices)]  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}",
        description=__doc__,
        epilog="examples:\n"
        "  python -m benchmarks.scale.workers                       one process against 1 and 2\n"
        "  python -m benchmarks.scale.workers --workers 1 2 4 8     on a machine with more cores\n"
        "  python -m benchmarks.scale.workers --workers 2 --ray 2   children against actors of Ray",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--workers", type=whole_from(1, 256), nargs="+", default=[1, 2], metavar="N",
        help="numbers of workers to try (default: 1 2)")  # fmt: skip
    add("--ray", type=whole_from(0, 256), default=0, metavar="N",
        help="actors of Ray too, on this machine (default: %(default)s)")  # fmt: skip
    add("--devices", type=whole_from(1, 10_000), default=100, metavar="N",
        help="devices that send (default: %(default)s)")  # fmt: skip
    add("--samples", type=whole_from(1, 1_000_000), default=2500, metavar="N",
        help="of all devices in one call (default: %(default)s)")  # fmt: skip
    add("--calls", type=whole_from(1, 10_000), default=20, metavar="N",
        help="timed together (default: %(default)s)")  # fmt: skip
    add("--rounds", type=whole_from(1, 1000), default=5, metavar="N",
        help="of which the median counts (default: %(default)s)")  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
