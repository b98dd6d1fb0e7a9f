"""Workers, broker and PostgreSQL hurt under load: `python -m benchmarks.soak.worker_kills`.

A detector with two workers on a real PostgreSQL scores motors that publish 100 samples a second at
QoS 1. One row per ordeal: what of it is in the store, and how many of its scores are not those that
one process gives. Exit code 1 on a miss, 2 where mosquitto or PostgreSQL is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.load import healthy
from benchmarks.soak.ordeals import LONG, Extent, restart_broker, under_load
from benchmarks.soak.plant import BATCH, MODEL, PERIOD_S, Message
from benchmarks.soak.site import PROJECT, Site, wait_until
from benchmarks.stores import server
from benchmarks.stores.server import Postgres
from detector.records import Samples, Values
from detector.scoring.bundle import Bundle, load_bundle
from detector.scoring.files import score_recording
from detector.sessions.files import Recording
from simulator.cli.options import whole_from
from simulator.errors import SimulatorError

FEATURES, RPM = ("acc_x", "acc_y", "acc_z", "rpm"), 600.0
WORKERS, AGREED = 2, 1e-6
AWAY_S = 1.0  # that PostgreSQL is
EXIT_BAD_INPUT = 2
HEAD = ("ordeal", "sent", "stored", "missing", "twice", "differing", "")
OPTIONS = f"[detector]\nworkers = {WORKERS}\n"


@dataclass(frozen=True)
class Motors:
    """See ``Published``: motors of one kind that run healthily.

    Attributes:
        name: First level of its topics, and of its devices' names.
        moments: Samples of each motor, a multiple of ``BATCH``.
        began: Time of the first, UTC seconds.
        count: How many.
    """

    name: str
    moments: int
    began: float
    count: int = 10

    @property
    def settings(self) -> str:
        """See ``Published``."""
        return (
            f'[[sources]]\ntopic = "{self.name}/{{device}}"\n\n'
            f'[[devices]]\nmatch = "{self.name}-*"\nmodel = "{MODEL}"\n'
        )

    @property
    def devices(self) -> dict[str, str]:
        """See ``Published``."""
        return {str(number): f"{self.name}-{number}" for number in range(self.count)}

    def samples(self, number: int) -> Samples:
        """All of one motor."""
        ts = (round(self.began * 1000) + 1000 * PERIOD_S * np.arange(self.moments)) / 1000
        return Samples(FEATURES, ts, _values(number, self.moments))

    def births(self) -> list[Message]:
        """See ``Published``: none."""
        return []

    def rounds(self) -> Iterator[list[Message]]:
        """See ``Published``."""
        motors = [(name, self.samples(int(key))) for key, name in self.devices.items()]
        for first in range(0, self.moments, BATCH):
            rows = slice(first, first + BATCH)
            yield [
                (f"{self.name}/{name}", _payload(whole.ts[rows], whole.values[rows]))
                for name, whole in motors
            ]


@cache
def _values(seed: int, moments: int) -> Values:
    rpm = np.full(moments, RPM)
    return np.column_stack([healthy(seed, moments, 1 / PERIOD_S), rpm]).astype(np.float32)


def _payload(ts: np.ndarray, values: Values) -> bytes:
    columns = {name: values[:, i].tolist() for i, name in enumerate(FEATURES)}
    return json.dumps({"ts": ts.tolist(), **columns}).encode()


@dataclass
class Tally:
    """What came of an ordeal.

    Attributes:
        sent: Samples.
        stored: Samples, each counted once.
        missing: Samples that are not in the store as they were sent.
        twice: Samples stored beyond the first time, or at a time at which none was sent.
        differing: Samples whose score is not that of one process, to ``AGREED``.
        notes: What was done.
    """

    sent: int = 0
    stored: int = 0
    missing: int = 0
    twice: int = 0
    differing: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, doubled or scored otherwise."""
        return not (self.missing or self.twice or self.differing)


def judged(site: Site, motors: Motors, bundle: Bundle) -> Tally:
    """Hold what is stored against what was sent and against one process."""
    tally = Tally()
    for key, name in motors.devices.items():
        _judge(tally, site, name, motors.samples(int(key)), bundle)
    return tally


def _judge(tally: Tally, site: Site, device: str, whole: Samples, bundle: Bundle) -> None:
    found = site.frames_of(device)
    ts, values, scores = (
        np.concatenate([getattr(frame, one) for frame in found])
        for one in ("ts", "values", "score")
    )
    times, first = np.unique(ts, return_index=True)
    known = np.isin(times, whole.ts)
    at = np.searchsorted(whole.ts, times[known])
    rows = first[known]
    is_right = (values[rows] == whole.values[at]).all(axis=1)
    alone = score_recording(bundle, Recording(device, whole, None))
    wanted = np.concatenate([frame.score for frame in alone])
    is_same = np.isclose(scores[rows], wanted[at], rtol=AGREED, atol=AGREED, equal_nan=True)
    tally.sent += len(whole)
    tally.stored += int(is_right.sum())
    tally.missing += len(whole) - int(is_right.sum())
    tally.twice += len(ts) - len(times) + int((~known).sum())
    tally.differing += int((~is_same).sum())


def kill_workers(site: Site, extent: Extent) -> list[str]:
    """``kill -9`` of one worker after the other; each lives when it is killed."""
    killed: set[int] = set()
    for number in range(extent.kills):
        worker = number % WORKERS + 1
        wait_until(lambda: _pid_of(site, worker) not in killed | {0}, "a worker is ready")  # noqa: B023 -- asked at once
        killed.add(_pid_of(site, worker))
        os.kill(_pid_of(site, worker), signal.SIGKILL)
        time.sleep(extent.between_s)
    return [f"kill -9 of a worker {extent.kills} times"]


def _pid_of(site: Site, worker: int) -> int:
    """Of the newest worker of a number, from 1; 0: there was none yet."""
    found = re.findall(rf"worker {worker}: process (\d+), ready", site.log)
    return int(found[-1]) if found else 0


def restart_store(site: Site, motors: Motors, postgres: Postgres, extent: Extent) -> list[str]:
    """PostgreSQL ends, whoever is connected, every second time as in a crash, and begins again."""
    for number in range(extent.restarts):
        postgres.stop("immediate" if number % 2 else "fast")
        time.sleep(AWAY_S)
        postgres.start()
        before = site.stored(motors)
        wait_until(lambda: site.stored(motors) > before, "the detector writes again")  # noqa: B023 -- asked at once
        time.sleep(extent.between_s)
    return [f"PostgreSQL restarted {extent.restarts} times"]


ORDEALS: dict[str, Callable[[Site, Motors, Postgres, Extent], list[str]]] = {
    "workers": lambda site, _motors, _postgres, extent: kill_workers(site, extent),
    "broker": lambda site, _motors, _postgres, extent: restart_broker(site, extent),
    "store": restart_store,
}


def suffer(name: str, site: Site, motors: Motors, postgres: Postgres, extent: Extent) -> Tally:
    """One ordeal by its name."""
    return endured(site, motors, lambda begun: ORDEALS[name](site, begun, postgres, extent))


def endured(site: Site, motors: Motors, hurt: Callable[[Motors], list[str]]) -> Tally:
    """Publish all of the motors from now on, hurt meanwhile, and judge once nothing more comes."""
    motors = replace(motors, began=time.time())
    notes = under_load(site, motors, lambda: hurt(motors))
    tally = judged(site, motors, load_bundle(PROJECT / MODEL))
    thinned = ["scoring was thinned out: too much else to do here"] * ("overloaded:" in site.log)
    tally.notes = [*notes, *thinned]
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Hurt, count and print; returns the exit code."""
    args = parser_of("worker_kills", __doc__, ORDEALS, devices=10).parse_args(arguments)
    extent, plants = replace(LONG, kills=args.times, restarts=args.times), plants_of(args)
    aims = []
    try:
        with ExitStack() as ends:
            postgres = server.made()
            ends.callback(server.ended, postgres)
            folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="faultline-soak-"))
            site = Site(Path(folder), list(plants.values()), OPTIONS, postgres.new_schema())
            ends.enter_context(site)
            print(head())
            for name, motors in plants.items():
                tally = suffer(name, site, motors, postgres, extent)
                print(row(name, tally), flush=True)
                aims.append(aim_of(name, tally))
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return tell(aims)


def head() -> str:
    """Above the rows."""
    return f"{HEAD[0]:9}" + "".join(f"{title:>10}" for title in HEAD[1:])


def row(name: str, tally: Tally) -> str:
    """What came of an ordeal, in a line."""
    figures = (tally.sent, tally.stored, tally.missing, tally.twice, tally.differing)
    return f"{name:9}" + "".join(f"{n:10,}" for n in figures) + f"  {'; '.join(tally.notes)}"


def aim_of(name: str, tally: Tally) -> Aim:
    """Nothing is lost, nothing is there twice, and each score is that of one process."""
    lost = tally.missing + tally.twice + tally.differing
    line = f"{name}: {lost:,} of {tally.sent:,} samples missing, twice or with another score"
    return Aim(f"{line}, aim: 0", tally.is_whole)


def plants_of(args: argparse.Namespace) -> dict[str, Motors]:
    """The motors of each ordeal that ``parser_of`` was asked for, by its name."""
    moments = max(args.samples // args.devices // BATCH, 1) * BATCH
    return {name: Motors(name, moments, 0.0, args.devices) for name in args.only}


def parser_of(
    module: str, about: str | None, ordeals: Iterable[str], *, devices: int
) -> argparse.ArgumentParser:
    """Options of a module of ordeals.

    Args:
        module: Below ``benchmarks.soak``.
        about: Its docstring.
        ordeals: Names of all it has.
        devices: Motors where nobody says how many.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.soak.{module}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--samples", type=whole_from(BATCH, 10_000_000), default=50_000, metavar="N",
        help="of all motors in each ordeal (default: %(default)s)")  # fmt: skip
    add("--devices", type=whole_from(2, 1000), default=devices, metavar="N",
        help="motors that publish (default: %(default)s)")  # fmt: skip
    add("--times", type=whole_from(1, 100), default=5, metavar="N",
        help="blows of each ordeal (default: %(default)s)")  # fmt: skip
    names = list(ordeals)
    add("--only", nargs="+", choices=names, default=names, metavar="NAME",
        help=f"of {', '.join(names)} (default: all)")  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
