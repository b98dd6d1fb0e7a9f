"""The scoring thread of a real detector within this process, tick by tick.

Codec, buffer, pipeline, store and the connection to a broker are the detector's own. Only the
network thread is ours: it hands payloads to the receiver when they are due, so that the cost of
receiving can be told from that of a tick.
"""

from __future__ import annotations

import cProfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from torch import Tensor

from benchmarks.lib.load import Array, healthy, name_of
from benchmarks.lib.services import start_broker
from detector.ingest.buffer import SharedBuffer
from detector.ingest.mqtt import Subscriber
from detector.ingest.receiver import Receiver
from detector.ingest.sources import Sources
from detector.networks.contract import Network
from detector.service.lease import Lease
from detector.service.pipeline import Pipeline
from detector.settings.tree import Settings
from detector.store.schema import open_store
from simulator.demo.children import Children
from simulator.machines.motor import FEATURES

MOTORS = 8  # different ones; further devices send what one of them did at another time
SIGNAL_S = 40.0
SETTLE_S = 2.5  # after every device was stored once: windows fill
NEVER = 1000.0  # a threshold that fresh weights do not reach


@dataclass
class Spent:
    """CPU seconds of the scoring thread, by what they went into.

    Attributes:
        samples: Scored and committed.
        receive_s: Payload bytes to samples in the buffer.
        tick_s: Take to commit, the network among it.
        network_s: Forward passes.
    """

    samples: int = 0
    receive_s: float = 0.0
    tick_s: float = 0.0
    network_s: float = 0.0

    @property
    def whole_s(self) -> float:
        """From message to commit."""
        return self.receive_s + self.tick_s

    @property
    def beside(self) -> float:
        """Share of the way from message to commit that is not the network, 0..1."""
        return 1 - self.network_s / self.whole_s

    def us(self, seconds: float) -> float:
        """Microseconds for one sample."""
        return seconds / max(self.samples, 1) * 1e6


@dataclass(frozen=True)
class Traffic:
    """What devices send: each ``batch`` samples a message, evenly one after the other."""

    devices: int
    rate_hz: float
    batch: int

    def signals(self, seed: int) -> Array:
        """Shape (``MOTORS``, samples, 3)."""
        samples = round(SIGNAL_S * self.rate_hz)
        return np.stack([healthy(seed + n, samples, self.rate_hz) for n in range(MOTORS)]).round(7)

    def messages(self, signals: Array, start: float) -> Iterator[tuple[float, str, bytes]]:
        """Without end: when due (UTC seconds), device and payload, in order."""
        every_s, width = self.batch / self.rate_hz, signals.shape[1] // self.batch
        ages_s = np.arange(self.batch - 1, -1, -1) / self.rate_hz
        number = 0
        while True:
            turn, device = divmod(number, self.devices)
            due = start + (turn + device / self.devices) * every_s
            first = (turn + 7 * device) % width * self.batch
            rows = signals[device % MOTORS, first : first + self.batch]
            columns = {name: rows[:, i].tolist() for i, name in enumerate(FEATURES)}
            body = {"ts": (due - ages_s).round(6).tolist(), **columns}
            yield due, name_of(device), msgspec.json.encode(body)
            number += 1


class LiveTick:
    """A detector's scoring thread that is driven from outside.

    Args:
        model: Folder of the bundle of all devices.
        traffic: What they send.
        signals: See ``Traffic.signals``.
        url: Broker.
        folder: Of the store.
    """

    def __init__(
        self, model: Path, traffic: Traffic, signals: Array, url: str, folder: Path
    ) -> None:
        self._traffic, self._signals = traffic, signals
        self._store = open_store(f"sqlite:///{folder}/faultline.db")
        rule = {"match": "*", "model": model, "threshold": NEVER}
        settings = Settings(mqtt={"url": url}, devices=[rule])
        self._buffer = SharedBuffer(20_000, traffic.devices)
        sources = Sources(settings.all_sources)
        self._subscriber = Subscriber(settings.mqtt, sources, self._buffer)
        self._receiver = Receiver(sources, self._buffer, lambda *_: None)
        lease = Lease(self._store)
        lease.take()
        self._pipeline = Pipeline(settings, self._store, self._buffer, self._subscriber, lease)

    def run(self, seconds: float, profile: cProfile.Profile | None = None) -> Spent:
        """Go on in real time; counted for so many seconds once every device is scored."""
        self._subscriber.start()
        start = time.time()
        messages = self._traffic.messages(self._signals, start)
        ahead = next(messages)
        spent = Spent()
        with _timed_network(spent):
            settled = np.inf
            while (now := time.time()) < settled + seconds:
                if not np.isfinite(settled) and self._knows_all:
                    settled = now + SETTLE_S
                due = []
                while ahead[0] <= now:
                    due.append(ahead)
                    ahead = next(messages)
                is_counted = now > settled
                with profile if profile and is_counted else nullcontext():
                    self._tick(due, spent if is_counted else Spent())
                if not is_counted:
                    spent.network_s = 0.0
                self._pipeline.wait_for_work()
        return spent

    def close(self) -> None:
        """Give all back."""
        self._subscriber.stop()
        self._store.dispose()

    @property
    def _knows_all(self) -> bool:
        """Whether a sample of every device is stored."""
        return len(self._pipeline.figures().statuses) == self._traffic.devices

    def _tick(self, due: list[tuple[float, str, bytes]], spent: Spent) -> None:
        began = time.thread_time()
        for _, device, payload in due:
            topic = f"sensors/{device}"
            self._receiver.receive(topic, payload, is_retained=False, receipt=None)
        received = time.thread_time()
        self._pipeline.tick()  # unguarded: a fault is to be seen, and nothing is thinned out
        spent.receive_s += received - began
        spent.tick_s += time.thread_time() - received
        spent.samples += self._traffic.batch * len(due)


@contextmanager
def _timed_network(spent: Spent) -> Iterator[None]:
    """Count the forward passes of every network."""
    plain = Network.residual

    def timed(self: Network, x: Tensor) -> tuple[Tensor, Tensor]:
        began = time.thread_time()
        found = plain(self, x)
        spent.network_s += time.thread_time() - began
        return found

    Network.residual = timed  # type: ignore[method-assign]
    try:
        yield
    finally:
        Network.residual = plain  # type: ignore[method-assign]


@contextmanager
def live_tick(model: Path, traffic: Traffic, signals: Array, folder: Path) -> Iterator[LiveTick]:
    """One with a mosquitto of its own, connected."""
    folder.mkdir(parents=True, exist_ok=True)
    with Children(folder) as children:
        _, url = start_broker(children, folder)
        made = LiveTick(model, traffic, signals, url, folder)
        try:
            yield made
        finally:
            made.close()
