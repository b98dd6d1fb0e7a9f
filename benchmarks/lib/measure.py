"""One measurement: a fresh detector under the load, watched from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from sqlalchemy.engine import Engine
from tqdm import tqdm

from benchmarks.lib.load import HANDED, Array, Load, name_of, write_load
from benchmarks.lib.meters import (
    AlarmListener,
    Onset,
    Reading,
    cpu_us_per_sample,
    latencies_ms,
    read,
    stored,
)
from benchmarks.lib.services import (
    DetectorUnderTest,
    start_broker,
    start_detector,
    start_publisher,
    wait_for_end,
)
from detector.store.schema import open_store
from simulator.demo.children import Child, Children

READ_EVERY_S = 0.5
DRAIN_EVERY_S = 0.1
LAST_ALARM_S = 1.0  # for the last alarms to arrive once the last samples are stored


@dataclass(frozen=True)
class Measured:
    """What one detector did under the load.

    Attributes:
        sent: Samples published and acknowledged by the broker, warm-up included.
        stored: Of them, in the store when all were or the drain time was over.
        drain_s: Seconds from the last message until then.
        faults: Planted.
        latencies_ms: From handing a fault's first batch to the broker until its alarm arrived,
            one per fault that was found.
        false_alarms: Alarms that no fault explains.
        start: First reading of the measured time, after the warm-up.
        end: Its last reading.
        cpu_us_per_sample: Of the detector; None when fewer than two commits were seen.
        late_ms: 99th percentile of the publisher's lateness on its own schedule; where it is
            large the machine is too busy for this load.
        thinned: One window in so many was scored at the worst.
    """

    sent: int
    stored: int
    drain_s: float
    faults: int
    latencies_ms: list[float]
    false_alarms: int
    start: Reading
    end: Reading
    cpu_us_per_sample: float | None
    late_ms: float
    thinned: int

    @property
    def lost(self) -> int:
        """Samples that are not in the store."""
        return self.sent - self.stored

    @property
    def missed(self) -> int:
        """Faults without an alarm."""
        return self.faults - len(self.latencies_ms)

    def cpu_s(self, process: str) -> float:
        """CPU seconds of a process within the measured time."""
        return self.end.cpu_s[process] - self.start.cpu_s[process]

    def cores(self, process: str) -> float:
        """CPU seconds per second."""
        return self.cpu_s(process) / (self.end.at - self.start.at)


def measure(
    title: str, load: Load, signals: Array, under_test: DetectorUnderTest, drain_s: float,
    folder: Path,
) -> Measured:  # fmt: skip
    """Publish the load once.

    Args:
        title: For the progress bar.
        load: How much.
        signals: Shape (devices, samples, F).
        under_test: Model and chunk.
        drain_s: Most seconds to wait for the store after the last message.
        folder: Empty, for everything this writes.

    Raises:
        SimulatorError: If a process does not start or ends early.
    """
    write_load(load, signals, folder)
    with _store(folder) as store, Children(folder) as services, Children(folder) as publishers:
        broker, url = start_broker(services, folder)
        with AlarmListener(url) as listener:
            detector = start_detector(services, under_test, url, store, folder)
            publisher, began = start_publisher(publishers, url, folder)
            children = {"mosquitto": broker, "detector": detector, "publisher": publisher}
            watch = Watch(children, services, store)
            start, end = watch.until_published(title, load, began)
            wait_for_end(publisher)
            sent = load.devices * load.batches * load.batch
            took_s = watch.until_stored(title, sent, drain_s)
        handed = np.load(folder / HANDED)
        onsets = onsets_of(load, handed, began)
        found, false_alarms = latencies_ms(onsets, listener.raised)
        return Measured(
            sent=sent,
            stored=stored(store),
            drain_s=took_s,
            faults=len(onsets),
            latencies_ms=found,
            false_alarms=false_alarms,
            start=start,
            end=end,
            cpu_us_per_sample=cpu_us_per_sample(watch.readings, store),
            late_ms=float(np.percentile(handed - began - load.due_s(), 99) * 1000),
            thinned=max(reading.thinned for reading in watch.readings),
        )


def onsets_of(load: Load, handed: Array, began: float) -> list[Onset]:
    """The planted faults as they were published."""
    first = began + load.due_s() - (load.batch - 1) / load.rate_hz  # a batch's first sample
    return [Onset(name_of(d), float(first[d, b]), float(handed[d, b])) for d, b in load.faults()]


class Watch:
    """Reads the processes again and again; ``services`` are those that must not end."""

    def __init__(self, children: dict[str, Child], services: Children, store: Engine) -> None:
        self._processes = {n: psutil.Process(c.process.pid) for n, c in children.items()}
        self._services, self._store = services, store
        self.readings: list[Reading] = []

    def until_published(self, title: str, load: Load, began: float) -> tuple[Reading, Reading]:
        """Watch until the last batch is due; returns the ends of the measured time."""
        with tqdm(total=round(load.total_s), unit="s", desc=title, leave=False) as bar:
            start = self._until(began + load.warm_up_s, began, bar)
            return start, self._until(began + load.total_s, began, bar)

    def until_stored(self, title: str, sent: int, limit_s: float) -> float:
        """Wait until all that was sent is stored; returns the seconds it took."""
        del self._processes["publisher"]  # it has ended
        began = time.monotonic()
        with tqdm(total=sent, unit=" stored", desc=title, leave=False) as bar:
            while (count := stored(self._store)) < sent and time.monotonic() < began + limit_s:
                bar.update(count - bar.n)
                time.sleep(DRAIN_EVERY_S)
                self._read()
        took_s = time.monotonic() - began
        time.sleep(LAST_ALARM_S)
        return took_s

    def _until(self, end: float, began: float, bar: tqdm) -> Reading:
        while (left_s := end - time.time()) > 0:
            time.sleep(min(READ_EVERY_S, left_s))
            self._read()
            bar.update(int(time.time() - began) - bar.n)
        return self._read()

    def _read(self) -> Reading:
        self._services.check()
        self.readings.append(read(self._processes, self._store))
        return self.readings[-1]


@contextmanager
def _store(folder: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{folder}/faultline.db")
    try:
        yield engine
    finally:
        engine.dispose()
