"""One message -> the shared buffer; whatever arrives, the network goes on."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from detector.errors import PayloadError
from detector.ingest.buffer import Receipt, SharedBuffer
from detector.ingest.clocks import Clocks
from detector.ingest.messages.contract import RefusedPayloadError
from detector.ingest.refusals import Refusals
from detector.ingest.sources import Sources
from detector.ingest.topics import MAX_NAME
from detector.ingest.unused import UnusedInventory
from detector.records import Outcome, Samples

Answer = Callable[[str, bytes], object]  # publishes a topic and a payload


class Receiver:
    """Reads messages into the buffer and counts those it cannot take.

    Called by the network thread only; the counters may be read from any.

    Args:
        sources: How topics are read.
        buffer: Where samples and receipts go.
        answer: Sends what a format asks for, for example a Sparkplug rebirth.
        clocks: Measures the devices' clocks; None: ones that replace none.

    Attributes:
        counters: Messages and bytes received, and messages dropped, by name.
        refusals: Messages dropped by device and reason.
        unused: Channels and messages that were not used, by topic.
    """

    def __init__(
        self,
        sources: Sources,
        buffer: SharedBuffer,
        answer: Answer,
        clocks: Clocks | None = None,
    ) -> None:
        self._sources = sources
        self.clocks = clocks or Clocks(math.inf, lambda _: False)
        self._buffer = buffer
        self._answer = answer
        self._lock = threading.Lock()  # of the births
        self._births: dict[str, bytes | None] = {}
        self.refusals = Refusals()
        self.unused = UnusedInventory()
        self.counters = {
            "messages": 0,
            "bytes": 0,
            "retained": 0,
            "ignored": 0,
            "bad_topics": 0,
            "bad_payloads": 0,
            "oversized": 0,
        }

    def births(self) -> dict[str, bytes | None]:
        """Those heard since the last time this was asked; may be called from any thread."""
        with self._lock:
            heard, self._births = self._births, {}
        return heard

    def receive(
        self, topic: str, payload: bytes, *, is_retained: bool, receipt: Receipt | None
    ) -> None:
        """Take one message in; its receipt reaches the buffer whatever comes of it.

        Args:
            topic: Of the message.
            payload: See ``Sources.decode``.
            is_retained: The broker kept it from before the subscription: old samples, dropped.
            receipt: None when no acknowledgement is due.
        """
        self.counters["messages"] += 1
        self.counters["bytes"] += len(payload)
        is_kept = False
        try:
            if is_retained:
                self.counters["retained"] += 1
            else:
                is_kept = self._read(topic, payload, receipt)
        finally:  # a fault of ours must not leave the message unacknowledged either
            if not is_kept:
                self._buffer.append_receipt(receipt)

    def _read(self, topic: str, payload: bytes, receipt: Receipt | None) -> bool:
        """Whether the message's receipt went to the buffer with its samples."""
        arrival = time.time()
        try:
            decoded = self._sources.decode(topic, payload, arrival)
        except RefusedPayloadError as error:
            self._refuse(topic, error, arrival)
            return False
        except PayloadError as error:
            self.counters["bad_topics"] += 1
            self.refusals.add(topic[:MAX_NAME], "topic", str(error))
            self.unused.message(topic, Outcome.REFUSED, "topic", str(error), arrival)
            return False
        if decoded.births:
            with self._lock:
                self._births |= decoded.births
        if decoded.left_out:
            self.unused.left_out(topic, decoded.left_out, arrival)
        if not decoded.blocks:
            self.counters["ignored"] += 1
            if not decoded.left_out:
                self.unused.message(topic, Outcome.IGNORED, "", str(decoded.ignored), arrival)
            return False
        settle = self.clocks.settle
        for device, samples in decoded.blocks[:-1]:
            self._append(topic, device, settle(device, samples, arrival), arrival, None)
        device, samples = decoded.blocks[-1]
        self._append(topic, device, settle(device, samples, arrival), arrival, receipt)
        return True

    def _append(
        self, topic: str, device: str, samples: Samples, arrival: float, receipt: Receipt | None
    ) -> None:
        if not self._buffer.append(device, samples, arrival, receipt):
            reason = f"device {device}: beyond buffer.max_devices"
            self.unused.message(topic, Outcome.NOT_HELD, "", reason, arrival)

    def _refuse(self, topic: str, error: RefusedPayloadError, arrival: float) -> None:
        self.counters["bad_payloads"] += 1
        self.counters["oversized"] += error.kind == "size"
        self.refusals.add(self._sources.device_of(topic), error.kind, str(error))
        self.unused.message(topic, Outcome.REFUSED, error.kind, str(error), arrival)
        for answer in error.requests:
            self._answer(*answer)
