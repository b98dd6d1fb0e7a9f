"""How long after ``serve`` the first sample is scored, and what it costs to go on where it stopped.

A publisher sends all the while, as machines do. ``python -m detector serve`` is started on a fresh
store, so windows have to fill first (60 samples at 50 Hz: 1.2 s, which the machine decides and no
detector can shorten); then again and again on the same store, where a device's session is read back
and its first sample has a score at once. Counted from the start of the process to the commit of the
first frame with a score. All of it with torch, and with ONNX Runtime, which is imported faster. The
time is that of the clock, so other work on the machine is in it. Exit code 1 when an aim is missed.

    python -m benchmarks.scale.start
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.load import Load, make_signals, name_of, write_load
from benchmarks.lib.machine import machine
from benchmarks.lib.services import (
    DetectorUnderTest,
    start_broker,
    start_detector,
    start_publisher,
    wait_for,
)
from benchmarks.scale.forms import FOLDED, save_made
from detector.alarms.sensing.report import sensors_of
from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, Samples
from detector.scoring.bundle import read_document, stored_in
from detector.scoring.runtimes.export import export_network
from detector.service.status import normals
from detector.settings.detector import DetectorSettings, Runtime
from detector.settings.tree import Settings
from detector.store import frames as frame_store
from detector.store.archive.past import Past
from detector.store.archive.place import place_at
from detector.store.places import archive_place
from detector.store.schema import frames, open_store
from simulator.cli.options import whole_from
from simulator.demo.children import Children
from simulator.errors import SimulatorError

RUNTIMES: tuple[Runtime, ...] = ("torch", "onnx")
MOST_S = 4.0
RATE_HZ, BATCH, DEVICES = 50.0, 10, 8
ROOM_S = 20.0  # of publishing for each start
LOOK_S = 0.01
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Start:
    """One start, seconds since the process began.

    Attributes:
        stored_s: Until the first frame was committed.
        scored_s: Until the first one with a score was.
    """

    stored_s: float
    scored_s: float


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale.start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--restarts", type=whole_from(1, 50), default=5, metavar="N",
                        help="on a store with a history (default: %(default)s)")  # fmt: skip
    args = parser.parse_args(arguments)
    print(f"{machine()}, {DEVICES} devices at {RATE_HZ:g} Hz\n")
    try:
        return _report(args.restarts)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped, nothing is left running", file=sys.stderr)
        return EXIT_INTERRUPTED


def _report(restarts: int) -> int:
    print("| seconds after the start of the process | first sample stored | first sample scored |\n"
          "|---|---|---|")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="faultline-bench-") as name:
        aims = [aim for runtime in RUNTIMES for aim in _started(runtime, restarts, Path(name))]
        resume_ms = _resume_ms(Path(name) / RUNTIMES[0])
    print(f"\nto import torch alone: {_import_s():.1f} s of CPU\n"
          f"to go on with a device: {resume_ms:.1f} ms of CPU")  # fmt: skip
    return tell(aims)


def _started(runtime: Runtime, restarts: int, within: Path) -> list[Aim]:
    """Print what starts on a runtime take; returns the aims."""
    folder = within / runtime
    folder.mkdir()
    with _published(folder, runtime, restarts + 1) as start_once:
        first = start_once()
        again = [start_once() for _ in range(restarts)]
    stored = statistics.median(one.stored_s for one in again)
    scored = statistics.median(one.scored_s for one in again)
    print(f"| {runtime}, on a fresh store | {first.stored_s:.2f} | {first.scored_s:.2f} |")
    print(f"| {runtime}, on a store with a history, median of {restarts} "
          f"| {stored:.2f} | {scored:.2f} |")  # fmt: skip
    print(f"| the slowest of them | {max(one.stored_s for one in again):.2f} "
          f"| {max(one.scored_s for one in again):.2f} |", flush=True)  # fmt: skip
    return [
        Aim(f"{runtime}: the first sample is scored {seconds:.1f} s after a {what}, "
            f"aim: {MOST_S:g} s", seconds <= MOST_S)
        for what, seconds in (("restart", scored), ("first start", first.scored_s))
    ]  # fmt: skip


@contextmanager
def _published(folder: Path, runtime: Runtime, starts: int):  # noqa: ANN202 -- a generator of a callable
    """Broker and publisher; gives what starts a detector once and ends it."""
    load = Load(DEVICES, RATE_HZ, BATCH, ROOM_S * starts, 0.2)
    write_load(load, make_signals(load, 1000, motors=2), folder)
    model = save_made(FOLDED, RATE_HZ, folder / "model")
    export_network(stored_in(model, read_document(model)))
    under_test = DetectorUnderTest(model, DetectorSettings().chunk, runtime)
    store = open_store(f"sqlite:///{folder}/faultline.db")
    try:
        with Children(folder) as services:
            _, url = start_broker(services, folder)
            start_publisher(services, url, folder)

            def start_once() -> Start:
                with Children(folder) as detectors:
                    return _start(detectors, under_test, url, store, folder)

            yield start_once
    finally:
        store.dispose()


def _start(
    children: Children, under_test: DetectorUnderTest, url: str, store: Engine, folder: Path
) -> Start:
    with store.begin() as connection:
        before = frame_store.newest_id(connection)
    began = time.monotonic()
    start_detector(children, under_test, url, store, folder)
    stored_s = _until(children, "a frame", lambda: _newest(store) > before) - began
    scored_s = _until(children, "a score", lambda: _has_score(store, before)) - began
    return Start(stored_s, scored_s)


def _until(children: Children, what: str, condition: Callable[[], bool]) -> float:
    wait_for(condition, children, what, every_s=LOOK_S)
    return time.monotonic()


def _newest(store: Engine) -> int:
    with store.begin() as connection:
        return frame_store.newest_id(connection)


def _has_score(store: Engine, after: int) -> bool:
    query = sa.select(frames.c.score).where(frames.c.id > after)
    with store.begin() as connection:
        found = connection.execute(query).scalars().all()
    return any(np.isfinite(np.frombuffer(score, "<f4")).any() for score in found)


def _resume_ms(folder: Path) -> float:
    """CPU milliseconds to read a device's session back, score its end and look at its sensors."""
    store = open_store(f"sqlite:///{folder}/faultline.db")
    settings = Settings(devices=[{"match": "*", "model": folder / "model"}])
    past = Past(store, place_at(archive_place(store, settings.store.archive)))
    fleet = Fleet(settings, past.newest_session, {})
    with store.connect() as connection:
        sensors = sensors_of(connection, normals(fleet), past.newest_session)
        newest = [frame_store.newest_live(connection, name_of(n)) for n in range(DEVICES)]
    spent = []
    for frame in newest:
        if frame is not None:
            began = time.thread_time()
            fleet.begin([_block(frame)])
            sensors.begin([_block(frame)])
            spent.append(time.thread_time() - began)
    store.dispose()
    return statistics.median(spent[1:]) * 1000  # the first one loads the model


def _import_s() -> float:
    """CPU seconds of a process that imports torch and ends."""
    before = os.times()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    after = os.times()
    return (
        after.children_user
        + after.children_system
        - (before.children_user + before.children_system)
    )


def _block(frame: Frame) -> TakenBlock:
    """What would come next of its device."""
    samples = Samples(frame.features, frame.ts[-1:] + 1 / RATE_HZ, frame.values[-1:])
    return TakenBlock(frame.device, samples, frame.arrival, broken=False)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
