"""Twice what the detector can take, for minutes: nothing lost, memory flat, less scored.

Measures first how many samples a second the detector stores on this machine with every window
scored. Then as many devices publish as make twice that, through a real mosquitto into a fresh
``python -m detector serve``, which is watched from outside. The model scores one window per
forward, so that it is the detector that cannot keep up, and not broker or publisher.

Exit code 1 when a sample was lost, when memory grew, when scoring was not thinned out, or when
a score differs from what the same samples score offline.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import numpy as np
import psutil
from sqlalchemy.engine import Engine
from tqdm import tqdm

from benchmarks.lib.load import Array, Load, healthy, name_of, write_load
from benchmarks.lib.meters import stored
from benchmarks.lib.services import (
    DetectorUnderTest,
    start_broker,
    start_detector,
    start_publisher,
    wait_for_end,
)
from benchmarks.scale.small_model import train_small
from detector.records import Frame, Samples
from detector.scoring.bundle import Bundle, load_bundle
from detector.scoring.stream import DeviceStream, score_samples
from detector.settings.sessions import SessionSettings
from detector.store import devices, frames
from detector.store.schema import open_store
from simulator.cli.options import positive
from simulator.demo.children import Child, Children
from simulator.errors import SimulatorError

RATE_HZ, BATCH = 50.0, 25
FLOOD_DEVICES, FLOOD_S = 200, 30.0  # to measure what the detector can take
MOTORS, LOOP_S = 8, 40.0  # signals that the devices publish again and again
TIMES = 2.0  # what it can take
SETTLED = 0.25  # of the time, after which memory counts
FLAT = 1.1  # times what it was then
DRAIN_S = 120.0
LOOK_S = 0.25
CHECKED = 3  # devices whose scores are compared
EXIT_MISSED, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 1, 2, 130


@dataclass
class Seen:
    """What was seen of a run, look by look: seconds, RSS in MB by process, and the factor."""

    at: list[float] = field(default_factory=list)
    rss_mb: dict[str, list[float]] = field(default_factory=dict)
    thinned: list[int] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)

    def look(self, processes: dict[str, psutil.Process], store: Engine) -> None:
        """Look once more."""
        with store.begin() as connection:
            health = devices.health(connection)
        self.counters = {} if health is None else health.counters
        self.at.append(time.monotonic())
        self.thinned.append(self.counters.get("thinned", 1))
        for name, process in processes.items():
            self.rss_mb.setdefault(name, []).append(process.memory_info().rss / 1e6)

    @property
    def changes(self) -> list[str]:
        """Each factor with the second since which it was in force."""
        news = [0, *(n for n, (a, b) in enumerate(pairwise(self.thinned), 1) if a != b)]
        return [f"{self.thinned[n]} ({self.at[n] - self.at[0]:.0f} s)" for n in news]

    def memory_mb(self, process: str) -> tuple[float, float, float]:
        """After the beginning, at the end, and the most in between."""
        settled = self.rss_mb[process][round(SETTLED * len(self.at)) :]
        return settled[0], settled[-1], max(settled)


@dataclass(frozen=True)
class Outcome:
    """A run under the load: what was sent and stored, and the scores that were compared."""

    seen: Seen
    sent: int
    stored: int
    drain_s: float
    sent_per_s: float
    compared: int
    different: int

    @property
    def misses(self) -> list[str]:
        """What is not as it must be."""
        settled, _, most = self.seen.memory_mb("detector")
        checks = {
            "samples were lost": self.stored != self.sent,
            "samples were overrun": self.seen.counters.get("overrun_samples", 0) > 0,
            "memory grew": most > FLAT * settled,
            "scoring was not thinned out": max(self.seen.thinned) == 1,
            "scores differ": self.different > 0 or not self.compared,
        }
        return [what for what, is_so in checks.items() if is_so]


def main(arguments: list[str] | None = None) -> int:
    """Run and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="faultline-soak-") as name:
            folder = Path(name)
            train_small(folder / "model", RATE_HZ, args.seed)
            capacity = _capacity(folder, args.seed)
            print(f"takes {capacity:,.0f} samples/s with every window scored", flush=True)
            count = max(1, round(TIMES * capacity / RATE_HZ))
            load = Load(count, RATE_HZ, BATCH, 60 * args.minutes, 0.0)
            outcome = _overload(folder, load, args.seed)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("stopped, nothing is left running", file=sys.stderr)
        return EXIT_INTERRUPTED
    print(_text(load, outcome, capacity))
    return EXIT_MISSED if outcome.misses else 0


def signals_of(load: Load, seed: int) -> Array:
    """A few motors over and over, shape (devices, samples, 3)."""
    loops = np.stack(
        [healthy(seed + n, round(LOOP_S * load.rate_hz), RATE_HZ) for n in range(MOTORS)]
    )
    samples = load.batches * load.batch
    rows = np.arange(samples) % loops.shape[1]
    return np.stack([loops[device % MOTORS][rows] for device in range(load.devices)]).round(7)


def _capacity(folder: Path, seed: int) -> float:
    """Samples a second stored while every window is scored."""
    load = Load(FLOOD_DEVICES, RATE_HZ, BATCH, FLOOD_S, 0.0)
    run = _begin(folder, "capacity", load, signals_of(load, seed))
    commits: list[tuple[float, int]] = []
    with run.store_open() as store, Children(run.folder) as services, Children(run.folder) as pubs:
        run.start(services, pubs, store)
        deadline = time.monotonic() + FLOOD_S
        while time.monotonic() < deadline:
            services.check()
            with store.begin() as connection:
                health = devices.health(connection)
            if health is not None and health.counters.get("thinned", 1) > 1:
                break
            count = stored(store)
            if not commits or count > commits[-1][1]:
                commits.append((time.monotonic(), count))
            time.sleep(LOOK_S / 5)
    commits = [commit for commit in commits if commit[1]]
    if len(commits) < 2:
        raise SimulatorError("overload: the detector's capacity was not found")
    (began, first), (ended, last) = commits[0], commits[-1]
    return (last - first) / (ended - began)


@dataclass(frozen=True)
class _Run:
    folder: Path
    model: Path

    def store_open(self) -> _OpenStore:
        return _OpenStore(f"sqlite:///{self.folder}/faultline.db")

    def start(self, services: Children, publishers: Children, store: Engine) -> dict[str, Child]:
        broker, url = start_broker(services, self.folder)
        under_test = DetectorUnderTest(self.model, chunk=1)
        detector = start_detector(services, under_test, url, store, self.folder)
        publisher, _ = start_publisher(publishers, url, self.folder)
        return {"mosquitto": broker, "detector": detector, "publisher": publisher}


class _OpenStore:
    """A store that is closed at the end."""

    def __init__(self, url: str) -> None:
        self._engine = open_store(url)

    def __enter__(self) -> Engine:
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()


def _begin(folder: Path, name: str, load: Load, signals: Array) -> _Run:
    run = _Run(folder / name, folder / "model")
    run.folder.mkdir()
    write_load(load, signals, run.folder)
    return run


def _overload(folder: Path, load: Load, seed: int) -> Outcome:
    run = _begin(folder, "overload", load, signals_of(load, seed))
    sent, seen = load.devices * load.batches * load.batch, Seen()
    with run.store_open() as store, Children(run.folder) as services, Children(run.folder) as pubs:
        children = run.start(services, pubs, store)
        publisher = children.pop("publisher")
        processes = {n: psutil.Process(child.process.pid) for n, child in children.items()}
        began = time.monotonic()
        with tqdm(total=round(load.total_s), unit="s", desc="overload", leave=False) as bar:
            while publisher.process.poll() is None:
                services.check()
                seen.look(processes, store)
                bar.update(min(int(seen.at[-1] - began), bar.total) - bar.n)
                time.sleep(LOOK_S)
        wait_for_end(publisher)
        published_s = time.monotonic() - began
        while (count := stored(store)) < sent and time.monotonic() < began + published_s + DRAIN_S:
            services.check()
            seen.look(processes, store)
            time.sleep(LOOK_S)
        drain_s = time.monotonic() - began - published_s
        compared, different = _compare(store, load, load_bundle(run.model))
    return Outcome(seen, sent, count, drain_s, sent / published_s, compared, different)


def _compare(store: Engine, load: Load, bundle: Bundle) -> tuple[int, int]:
    """Scores of a few devices that were computed, and how many of them offline differ from."""
    compared = different = 0
    for device in range(0, load.devices, max(1, load.devices // CHECKED)):
        with store.begin() as connection:
            held = frames.between(connection, name_of(device), 0.0, time.time() + 1e6)
        live, offline = _joined(held), _joined(_offline(held, bundle))
        known = np.isfinite(live)
        compared += int(known.sum())
        different += int((~np.isclose(live[known], offline[known], rtol=1e-6, atol=1e-6)).sum())
    return compared, different


def _offline(held: list[Frame], bundle: Bundle) -> list[Frame]:
    stream = DeviceStream(held[0].device, held[0].features, bundle, SessionSettings())
    ts = np.concatenate([frame.ts for frame in held])
    values = np.concatenate([frame.values for frame in held])
    samples = Samples(held[0].features, ts, values)
    return score_samples(stream, samples, chunk=256, arrival=0.0)


def _joined(held: list[Frame]) -> np.ndarray:
    return np.concatenate([frame.score for frame in held])


def _text(load: Load, outcome: Outcome, capacity: float) -> str:
    seen = outcome.seen
    lines = [
        f"{load.devices} devices x {load.rate_hz:g} Hz for {load.seconds / 60:g} min: "
        f"{outcome.sent_per_s:,.0f} samples/s, {outcome.sent_per_s / capacity:.1f} times as many",
        f"sent {outcome.sent:,}, stored {outcome.stored:,}, "
        f"lost {outcome.sent - outcome.stored:,}, "
        f"the last {outcome.drain_s:.1f} s after it was sent",
        f"one window in so many was scored: {', '.join(seen.changes)}",
        f"scores compared with offline: {outcome.compared:,}, different {outcome.different:,}",
    ]
    for process in seen.rss_mb:
        settled, end, most = seen.memory_mb(process)
        lines.append(f"{process}: RSS {settled:.0f} MB after {SETTLED:.0%} of the time, "
                     f"{end:.0f} MB at the end, {most:.0f} MB at most")  # fmt: skip
    return "\n".join([*lines, *(f"missed: {what}" for what in outcome.misses)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak.overload",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=positive, default=10.0, metavar="M",
                        help="how long it lasts (default: %(default)g)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
