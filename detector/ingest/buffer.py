"""The bounded memory between the network thread and the scoring thread.

The network thread appends, the scoring thread takes; one lock, owned here. What is taken comes
with the receipts of its messages, to be acknowledged once the samples are committed.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from detector.ingest.ring import Ring
from detector.records import Flags, Samples


class Receipt(NamedTuple):
    """What acknowledges one message later.

    Attributes:
        connection: Number of the connection it came over; it means nothing on another one.
        message: The broker's number of the message.
    """

    connection: int
    message: int


@dataclass(frozen=True, slots=True)
class TakenBlock:
    """Consecutive samples of one device and session, in copies.

    Attributes:
        device: Name of the machine.
        samples: With the session named by the sender.
        arrival: When the newest arrived, UTC seconds.
        broken: Samples were lost before it, so the session must break here.
        heard: Shape (n, F), which columns the message of a sample had; None: all of them.
        lot: Number of the lot of messages that brought them; see ``SharedBuffer``.
    """

    device: str
    samples: Samples
    arrival: float
    broken: bool
    heard: Flags | None = None
    lot: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """All that arrived since the last take.

    Attributes:
        blocks: By device, each device's in order of arrival.
        receipts: Of every message received, in order of arrival; those of messages with
            nothing usable too.
        lots: Lot of each of these messages, never decreasing.
    """

    blocks: list[TakenBlock]
    receipts: list[Receipt]
    lots: list[int] = field(default_factory=list)


class SharedBuffer:
    """Samples and receipts on their way from one thread to another.

    Args:
        samples_per_device: Samples held per device; beyond, the oldest are lost and counted.
        max_devices: Devices held; samples of further ones are dropped and counted.
        patience_s: How long ``append`` waits for a take before it overwrites; the network
            thread then reads nothing and the broker keeps what it cannot deliver. 0: at once.
        lot: So many messages in a row are told apart from the next: samples that wait for others
            keep the receipts of their lot and of later ones back, and no earlier ones.

    Attributes:
        patience_s: The same; it may be changed.
    """

    def __init__(
        self, samples_per_device: int, max_devices: int, *, patience_s: float = 0.0, lot: int = 1000
    ) -> None:
        self._capacity = samples_per_device
        self._max_devices = max_devices
        self.patience_s = patience_s
        self._lot = lot
        self._taken = 0  # receipts so far
        self._lock = threading.Lock()  # taken by itself where nothing waits: a third as costly
        self._changed = threading.Condition(self._lock)
        self._rings: dict[str, Ring] = {}
        self._waiting: dict[str, Ring] = {}  # those with samples, so that a take skips the rest
        self._receipts: list[Receipt] = []
        self._enough = 0  # receipts that wake the scoring thread; 0 while it does not wait
        self._pressed = False  # a ring is half full
        self._unheld_samples = 0

    def append(
        self, device: str, samples: Samples, arrival: float, receipt: Receipt | None
    ) -> bool:
        """Add what one message carried; for the network thread.

        Args:
            device: Name of the machine.
            samples: Shape (n, F), n >= 1.
            arrival: UTC seconds.
            receipt: Of the message, with its last samples; None when none is due.

        Returns:
            False when the device is beyond ``max_devices``: its samples are dropped.
        """
        with self._lock:
            ring = self._ring_of(device)
            if ring is None:
                self._unheld_samples += len(samples)
            else:
                lot = (self._taken + len(self._receipts)) // self._lot
                for part in _parts(samples, ring.capacity):
                    if ring.free < len(part.ts):
                        self._make_room(ring, len(part))
                    ring.append(part, arrival, lot)
                    self._waiting[device] = ring
                    if ring.free < ring.capacity // 2:
                        self._pressed = True
            self._keep(receipt)
        return ring is not None

    def append_receipt(self, receipt: Receipt | None) -> None:
        """Add a message that carried nothing usable, so that it is acknowledged in its turn."""
        with self._lock:
            self._keep(receipt)

    def hold(self, device: str, samples: int) -> None:
        """Hold at least so many samples of a device from the next take on; for the scoring thread.

        Memory is used as far as it is written, so a larger ring costs nothing while takes come.
        """
        with self._lock:
            ring = self._rings.get(device)
            if ring is not None:
                ring.wanted = max(ring.wanted, samples)

    def take(self) -> Taken:
        """Everything since the last take; for the scoring thread."""
        with self._changed:
            blocks = [
                TakenBlock(device, *run)
                for device, ring in self._waiting.items()
                for run in ring.drain()
            ]
            self._waiting.clear()
            receipts, self._receipts = self._receipts, []
            lots = [(self._taken + i) // self._lot for i in range(len(receipts))]
            self._taken += len(receipts)
            self._pressed = False
            self._changed.notify_all()
        return Taken(blocks, receipts, lots)

    def wait(self, timeout_s: float, messages: int) -> bool:
        """Wait for the next tick, or less when there is reason to commit early.

        Brokers stop delivering at a number of unacknowledged messages, so it returns as soon
        as ``messages`` of them wait, or a device's memory is half full.

        Args:
            timeout_s: Seconds, >= 0.
            messages: Receipts, >= 1; see ``Subscriber.commit_after``.

        Returns:
            True when it returned for such a reason, False after the time.
        """
        with self._changed:
            self._enough = messages
            early = self._changed.wait_for(self._is_urgent, timeout_s)
            self._enough = 0
        return early

    def counters(self) -> dict[str, dict[str, int]]:
        """What was received and lost in samples, by device and name."""
        with self._changed:
            return {device: dict(ring.counters) for device, ring in self._rings.items()}

    def totals(self) -> dict[str, int]:
        """The counters over all devices; ``unheld_…`` are those beyond ``max_devices``."""
        with self._changed:
            total: Counter[str] = Counter()
            for ring in self._rings.values():
                total.update(ring.counters)
            return {
                "devices": len(self._rings),
                "waiting_samples": sum(len(ring) for ring in self._waiting.values()),
                "waiting_receipts": len(self._receipts),
                "unheld_samples": self._unheld_samples,
                **total,
            }

    @property
    def fullness(self) -> float:
        """How full the fullest device's memory is, 0..1."""
        with self._changed:
            return max((len(ring) / ring.capacity for ring in self._waiting.values()), default=0.0)

    def _ring_of(self, device: str) -> Ring | None:
        ring = self._rings.get(device)
        if ring is None and len(self._rings) < self._max_devices:
            ring = self._rings[device] = Ring(self._capacity)
        return ring

    def _make_room(self, ring: Ring, n: int) -> None:
        """Wait for a take, as long as patience allows."""
        deadline = time.monotonic() + self.patience_s
        while ring.free < n and (left := deadline - time.monotonic()) > 0:
            self._pressed = True
            self._wake()
            self._changed.wait(left)

    def _keep(self, receipt: Receipt | None) -> None:
        if receipt is not None:
            self._receipts.append(receipt)
        self._wake()

    def _is_urgent(self) -> bool:
        return self._pressed or len(self._receipts) >= self._enough

    def _wake(self) -> None:
        if self._enough and self._is_urgent():
            self._changed.notify_all()


def _parts(samples: Samples, size: int) -> Sequence[Samples]:
    """The samples in pieces that a ring can hold."""
    if len(samples) <= size:
        return (samples,)
    parts = [slice(start, start + size) for start in range(0, len(samples), size)]
    return [Samples(samples.features, samples.ts[part], samples.values[part], samples.session)
            for part in parts]  # fmt: skip
