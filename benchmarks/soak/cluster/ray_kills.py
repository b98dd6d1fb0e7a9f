"""Actors and nodes of a Ray cluster hurt under load: `python -m benchmarks.soak.cluster.ray_kills`.

A detector with two actors, on a cluster of three nodes on this machine of which the first has no
actor, scores motors that publish 100 samples a second at QoS 1. One row per ordeal, as of
`benchmarks.soak.worker_kills`, and how long the devices of what died had to wait. Exit code 1 on a
miss, 2 where mosquitto is missing. Where Ray is not installed, all of it runs in an environment
that has it, made once.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sqlalchemy as sa

from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.apart import with_ray
from benchmarks.soak.ordeals import LONG, Extent
from benchmarks.soak.plant import BATCH, PERIOD_S
from benchmarks.soak.site import Site, wait_until
from benchmarks.soak.worker_kills import (
    EXIT_BAD_INPUT,
    WORKERS,
    Motors,
    Tally,
    aim_of,
    endured,
    head,
    parser_of,
    plants_of,
    row,
)
from detector.store.schema import frames
from detector.workers.shares import worker_of
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from benchmarks.soak.cluster.nodes import Nodes

MODULE = "benchmarks.soak.cluster.ray_kills"
NODES = 2  # that score
MANY, MOST_UNEVEN = 1000, 0.2  # devices, and how many more than even a node may have of them
AGAIN_S = 8.0  # at most, until the devices of a killed actor are scored again
STOPPED_S = 10.0  # that an actor stands still
BEHIND_S = 2.0  # at most, of the other devices meanwhile
LOOK_S = 0.05
READY = r"worker {}: process (\d+) on node (\w+), ready"


@dataclass(frozen=True)
class Plant:
    """What an ordeal hurts."""

    site: Site
    nodes: Nodes
    motors: Motors
    extent: Extent

    def actor(self, worker: int) -> tuple[int, str]:
        """Process and node of the newest actor of a number, from 0.

        Raises:
            SimulatorError: If there was none yet.
        """
        found = re.findall(READY.format(worker + 1), self.site.log)
        if not found:
            raise SimulatorError(f"worker {worker + 1}: was never ready:\n{self.site.log[-2000:]}")
        pid, node = found[-1]
        return int(pid), node

    def devices(self, workers: set[int]) -> list[str]:
        """That these score."""
        return [one for one in self.motors.devices.values() if worker_of(one, WORKERS) in workers]

    def newest(self, devices: Sequence[str]) -> float:
        """Time up to which all of these are stored, UTC seconds."""
        query = sa.select(frames.c.device, sa.func.max(frames.c.end)).group_by(frames.c.device)
        with self.site.engine.connect() as connection:
            found = connection.execute(query.where(frames.c.device.in_(devices))).all()
        return min((end for _, end in found), default=0.0) if len(found) == len(devices) else 0.0

    def waited(self, workers: set[int]) -> float:
        """Seconds from now until later samples are stored of all devices of these workers.

        Later than those of a message that may have been stored already.
        """
        began, mine = time.time(), self.devices(workers)
        later = began + BATCH * PERIOD_S
        wait_until(lambda: self.newest(mine) > later, "devices of what died are scored again")
        return time.time() - began


Hurt = Callable[[Plant], tuple[list[str], list[Aim]]]  # what was done, and what it was to reach


def shared_out(plant: Plant) -> Aim:
    """How evenly the nodes have many devices, by where their actors are."""
    nodes = [plant.actor(worker)[1] for worker in range(WORKERS)]
    counts = Counter(nodes[worker_of(f"motor-{number}", WORKERS)] for number in range(MANY))
    uneven = max(counts.values()) / (MANY / len(counts)) - 1
    told = " and ".join(f"{count:,}" for count in counts.values())
    line = f"{len(counts)} nodes have {told} of {MANY:,} devices, {uneven:.0%} above even at most"
    return Aim(f"{line}, aim: {MOST_UNEVEN:.0%}", len(counts) == NODES and uneven <= MOST_UNEVEN)


def kill_actors(plant: Plant) -> tuple[list[str], list[Aim]]:
    """``kill -9`` of one actor after the other."""
    shares, waits = shared_out(plant), list[float]()
    for number in range(plant.extent.kills):
        worker = number % WORKERS
        os.kill(plant.actor(worker)[0], signal.SIGKILL)
        waits.append(plant.waited({worker}))
        time.sleep(plant.extent.between_s)
    line = f"devices of a killed actor scored again within {max(waits):.1f} s"
    aim = Aim(f"{line}, aim: {AGAIN_S:g} s", max(waits) <= AGAIN_S)
    return [f"kill -9 of an actor {len(waits)} times", _again(waits)], [shares, aim]


def kill_nodes(plant: Plant) -> tuple[list[str], list[Aim]]:
    """A node dies with its actors; another one comes."""
    waits = []
    for number in range(plant.extent.kills):
        _, name = plant.actor(number % WORKERS)
        there = {one: pid for one in range(WORKERS) for pid, at in [plant.actor(one)] if at == name}
        plant.nodes.kill(name)
        for pid in there.values():
            with suppress(ProcessLookupError):  # they outlive their node by a moment
                os.kill(pid, signal.SIGKILL)
        waits.append(plant.waited(set(there)))
        plant.nodes.add()
        time.sleep(plant.extent.between_s)
    return [f"a node killed {len(waits)} times", _again(waits)], []


def stop_actors(plant: Plant) -> tuple[list[str], list[Aim]]:
    """An actor stands still for a while and goes on; the devices of the others do not wait."""
    behind = 0.0
    for worker in range(WORKERS):
        pid, _ = plant.actor(worker)
        others = plant.devices(set(range(WORKERS)) - {worker})
        with _stopped(pid):
            ends = time.time() + STOPPED_S
            while time.time() < ends:
                behind = max(behind, time.time() - plant.newest(others))
                time.sleep(LOOK_S)
        plant.waited({worker})
    line = f"beside a stopped actor the others' devices are at most {behind:.1f} s behind"
    aim = Aim(f"{line}, aim: {BEHIND_S:g} s", behind <= BEHIND_S)
    return [f"each actor stopped for {STOPPED_S:g} s"], [aim]


ORDEALS: dict[str, Hurt] = {"actors": kill_actors, "nodes": kill_nodes, "stopped": stop_actors}


def suffer(
    name: str, site: Site, nodes: Nodes, motors: Motors, extent: Extent
) -> tuple[Tally, list[Aim]]:
    """One ordeal by its name, and what it was to reach."""
    aims: list[Aim] = []

    def hurt(begun: Motors) -> list[str]:
        plant = Plant(site, nodes, begun, extent)
        every = set(range(WORKERS))
        wait_until(lambda: plant.newest(plant.devices(every)) > 0, "all devices are scored")
        notes, found = ORDEALS[name](plant)
        aims.extend(found)
        return notes

    return endured(site, motors, hurt), aims


def options(address: str) -> str:
    """Of a detector with actors of a cluster, TOML."""
    return f'[detector]\nworkers = {WORKERS}\nengine = "ray"\nray_address = "{address}"\n'


def main(arguments: Sequence[str] | None = None) -> int:
    """Hurt, count and print; returns the exit code."""
    args = parser_of("cluster.ray_kills", __doc__, ORDEALS, devices=5).parse_args(arguments)
    if find_spec("ray") is None:
        return with_ray(MODULE, sys.argv[1:] if arguments is None else arguments)
    from benchmarks.soak.cluster.nodes import Nodes  # noqa: PLC0415 -- an extra

    print(head())
    extent, plants, aims = replace(LONG, kills=args.times), plants_of(args), list[Aim]()
    try:
        with ExitStack() as ends:
            nodes = ends.enter_context(closing(Nodes(NODES, WORKERS)))
            folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="faultline-soak-"))
            site = Site(Path(folder), list(plants.values()), options(nodes.address))
            ends.enter_context(site)
            for name, motors in plants.items():
                tally, found = suffer(name, site, nodes, motors, extent)
                print(row(name, tally), flush=True)
                aims += [aim_of(name, tally), *found]
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return tell(aims)


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _again(waits: Sequence[float]) -> str:
    told = ", ".join(f"{one:.1f}" for one in waits)
    return f"devices scored again after {told} s"


if __name__ == "__main__":
    sys.exit(main())
