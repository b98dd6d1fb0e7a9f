"""Devices routed to workers by rendezvous hashing: balance, moves and recovery, by simulation.

Each device goes to the worker with the highest hash of both names, so every machine that knows the
workers' names finds the same answer without asking anybody. Devices have rates of their own, spread
as in a plant. Told are how even the load is, how many devices move when a worker comes or goes
(1/n is the least possible, and hashing modulo n stands beside it), and how long it takes until the
devices of a worker that is gone are scored again, by the detector's own lease and the cost of
reading sessions back.

    python -m benchmarks.simulation.routing
    python -m benchmarks.simulation.routing --devices 1000000 --workers 160
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.lib.aims import Aim, tell
from detector.store.devices import LEASE_S
from simulator.cli.options import positive, whole_from

MOST_UNEVEN = 1.25  # the busiest worker over the mean
FLEETS = ((10_000, 8), (100_000, 64), (1_000_000, 640))
RESUME_MS = 50.0  # of one core, to read a session's end back and score it again
SPREAD = 0.5  # log of the rates' standard deviation
PART = 100_000  # devices hashed at once
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Routed:
    """What became of one fleet.

    Attributes:
        devices: How many.
        workers: How many.
        mean: Devices of a worker.
        uneven: Load of the busiest worker over the mean, devices weighted by their rates.
        uneven_count: The same of their number.
        moved_gone: Share of devices that move when one worker goes.
        moved_come: The same when one comes.
        modulo: The same when one comes, had they been placed by a hash modulo n.
        stray: Devices that moved although their worker stayed, when one goes.
        recovery_s: From the end of a worker until the last of its devices is scored again.
    """

    devices: int
    workers: int
    mean: float
    uneven: float
    uneven_count: float
    moved_gone: float
    moved_come: float
    modulo: float
    stray: int
    recovery_s: float


def mixed(values: Hashes) -> Hashes:
    """A 64-bit hash of each value.

    Source: Steele et al., "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    mixed_once = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed_twice = (mixed_once ^ (mixed_once >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed_twice ^ (mixed_twice >> np.uint64(31))


def placed(devices: Hashes, workers: Hashes) -> npt.NDArray[np.intp]:
    """The worker of each device: that with the highest hash of both.

    Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998.

    Args:
        devices: Shape (N,), a hash of each name.
        workers: Shape (n,), likewise.

    Returns:
        Shape (N,), indices of workers.
    """
    highest, best = np.zeros(len(devices), np.uint64), np.zeros(len(devices), np.intp)
    for number, worker in enumerate(workers):
        found = mixed(devices ^ worker)
        is_higher = found > highest
        highest[is_higher], best[is_higher] = found[is_higher], number
    return best


def route(devices: int, workers: int, seed: int, cores: float, resume_ms: float) -> Routed:
    """Simulate one fleet.

    Args:
        devices: N.
        workers: n, at least 2.
        seed: Of names and rates.
        cores: Of each worker.
        resume_ms: Of one core, until a device that came from elsewhere is scored again.
    """
    rng = np.random.default_rng(seed)
    names = mixed(rng.integers(1, 2**63, devices, np.uint64))
    nodes = mixed(rng.integers(1, 2**63, workers + 1, np.uint64))
    rates = rng.lognormal(0.0, SPREAD, devices)
    before = _in_parts(names, nodes[:-1])
    come, gone = _in_parts(names, nodes), _in_parts(names, nodes[1:-1]) + 1
    load = np.bincount(before, rates, workers)
    count = np.bincount(before, minlength=workers)
    orphans = np.bincount(gone[before == 0], minlength=workers).max()
    by_modulo = names % np.uint64(workers) != names % np.uint64(workers + 1)
    return Routed(
        devices, workers, devices / workers,
        uneven=float(load.max() / load.mean()),
        uneven_count=float(count.max() / count.mean()),
        moved_gone=float((gone != before).mean()),
        moved_come=float((come != before).mean()),
        modulo=float(by_modulo.mean()),
        stray=int(((gone != before) & (before != 0)).sum()),
        recovery_s=LEASE_S + orphans * resume_ms / 1000 / cores,
    )  # fmt: skip


def _in_parts(names: Hashes, nodes: Hashes) -> npt.NDArray[np.intp]:
    parts = [placed(names[start : start + PART], nodes) for start in range(0, len(names), PART)]
    return np.concatenate(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate and print; returns the exit code."""
    args = _arguments(arguments)
    fleets = FLEETS if args.devices is None else ((args.devices, args.workers),)
    print(f"rendezvous hashing; rates spread by {SPREAD:g} in their log; a worker has "
          f"{args.cores:g} cores, reading a device back takes {args.resume_ms:g} ms of one, a "
          f"lease is free after {LEASE_S:g} s\n")  # fmt: skip
    print("| devices | workers | devices of a worker | busiest, by load | by number "
          "| moved when one goes | when one comes | 1/n | modulo n instead | until scored again |\n"
          "|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    found = []
    for devices, workers in fleets:
        one = route(devices, workers, args.seed, args.cores, args.resume_ms)
        found.append(one)
        print(f"| {devices:,} | {workers} | {one.mean:,.0f} | {one.uneven:.3f} of the mean "
              f"| {one.uneven_count:.3f} | {one.moved_gone:.2%} | {one.moved_come:.2%} "
              f"| {1 / workers:.2%} | {one.modulo:.1%} | {one.recovery_s:.1f} s |",
              flush=True)  # fmt: skip
    return tell(_aims(found))


def _aims(found: Sequence[Routed]) -> list[Aim]:
    worst = max(one.uneven for one in found)
    stray = sum(one.stray for one in found)
    return [
        Aim(f"the busiest worker has {worst:.2f} of the mean, aim: at most {MOST_UNEVEN:g}",
            worst <= MOST_UNEVEN),
        Aim(f"{stray} devices move whose worker stays, aim: 0", stray == 0),
    ]  # fmt: skip


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.simulation.routing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--devices", type=whole_from(1), metavar="N", help="one fleet of so many (default: three)")
    add("--workers", type=whole_from(2, 10_000), default=8, metavar="N",
        help="that the one fleet is placed on (default: %(default)s)")  # fmt: skip
    add("--cores", type=positive, default=1.0, metavar="N",
        help="of a worker, that read sessions back (default: %(default)g)")  # fmt: skip
    add("--resume-ms", type=positive, default=RESUME_MS, metavar="MS",
        help="of one core, until a moved device is scored again; `benchmarks.scale.start` "
        "measures it (default: %(default)g)")  # fmt: skip
    add("--seed", type=int, default=7, help="of names and rates (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
