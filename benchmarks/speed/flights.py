"""What flight records cost the scoring: ``python -m benchmarks.speed.flights``.

A store gets the frames of many devices, commit after commit as a detector writes them: alone, and
beside a recorder that has one alarm after the other without end. Both in turns, in one process.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.lib.machine import machine
from detector.flights.recorder import FlightRecorder
from detector.records import Alarm, DeviceState, DeviceStatus, Frame
from detector.store import alarms, devices, frames
from detector.store.schema import Engine, open_store

DEVICES, RATE_HZ, TICK_S = 100, 100.0, 0.1
FEATURES = ("acc_x", "acc_y", "acc_z")
PAST_S, ROUNDS = 200.0, 4


def main() -> int:
    """Print percentiles of commits with and without; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=100, help="of each round")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        store = open_store(f"sqlite:///{folder}/faultline.db")
        began = time.time() - PAST_S
        ticks = _ticks(store, began)
        for _ in range(round(PAST_S / TICK_S / 10)):  # a past of which records can be made
            next(ticks)
        took: dict[bool, list[float]] = {False: [], True: []}
        written = 0
        for number in range(2 * ROUNDS):
            is_recording = bool(number % 2)
            with (
                Recording(store, f"{folder}/{number}", began) if is_recording else Nothing() as one
            ):
                took[is_recording] += [next(ticks) for _ in range(args.commits)]
            written += one.written
        _tell(took, written)
        store.dispose()
    return 0


def _tell(took: dict[bool, list[float]], written: int) -> None:
    print(f"{machine()}, commits of {DEVICES} frames; {written} flight records meanwhile\n")
    print("| commit, ms | alone | beside the recorder | ratio |\n|---|---|---|---|")
    for share in (50, 90, 99):
        alone, beside = (1000 * np.percentile(took[which], share) for which in (False, True))
        print(f"| p{share} | {alone:.1f} | {beside:.1f} | {beside / alone:.2f} |")


class Nothing:
    """No recorder."""

    written = 0

    def __enter__(self) -> Nothing:
        """Nothing begins."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing ends."""


class Recording(Nothing):
    """A recorder that has one alarm after the other, in a thread of its own."""

    def __init__(self, store: Engine, place: str, began: float) -> None:
        self._store, self._began = store, began
        self._recorder = FlightRecorder(store, place)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Recording:
        """It begins."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """It ends after the record that it writes."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            start = self._began + 61
            alarm = Alarm(None, "pump-1", "score", "cleared", start, start + 5, 2.0, {}, "m", 1.0)
            with self._store.begin() as connection:
                alarms.raise_alarm(connection, alarm, at=start)
            self._recorder.look(time.time())
            self.written += 1


def _ticks(store: Engine, began: float) -> Iterator[float]:
    """Seconds that one commit took after the other: ten ticks of one device, or one of each."""
    rng = np.random.default_rng(7)
    n = round(RATE_HZ * TICK_S)
    moment = 0
    while True:
        past = moment < PAST_S / TICK_S
        each = (
            [(0, moment + i) for i in range(10)] if past else [(d, moment) for d in range(DEVICES)]
        )
        blocks = [_frame(rng, f"pump-{d + 1}", began + at * TICK_S, n) for d, at in each]
        started = time.perf_counter()
        with store.begin() as connection:
            frames.write(connection, blocks)
            devices.update(connection, [_status(block) for block in blocks[-1:]])
        yield time.perf_counter() - started
        moment += 10 if past else 1


def _frame(rng: np.random.Generator, device: str, start: float, n: int) -> Frame:
    wide = rng.normal(size=(n, len(FEATURES))).astype(np.float32)
    return Frame(
        device=device, session="s", features=FEATURES, ts=start + np.arange(n) / RATE_HZ,
        values=wide, reconstruction=wide, score=wide[:, 0], mse=wide[:, 1],
        judged=np.ones(n, np.bool_), threshold=1.0, contributions=wide[0], arrival=start,
    )  # fmt: skip


def _status(block: Frame) -> DeviceStatus:
    newest = float(block.ts[-1])
    return DeviceStatus(block.device, DeviceState.OK, None, 1.0, 1.0, 1.0, newest, newest, RATE_HZ,
                        FEATURES, None)  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
