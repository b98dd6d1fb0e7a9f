"""One message -> the shared buffer; whatever arrives, the network goes on."""

from __future__ import annotations

import time

from detector.errors import PayloadError
from detector.ingest.buffer import Receipt, SharedBuffer
from detector.ingest.fields import RefusedPayloadError
from detector.ingest.payload import decode
from detector.ingest.refusals import Refusals
from detector.ingest.topics import MAX_NAME, TopicTemplate


class Receiver:
    """Reads messages into the buffer and counts those it cannot take.

    Called by the network thread only; the counters may be read from any.

    Attributes:
        counters: Messages and bytes received, and messages dropped, by name.
        refusals: Messages dropped by device and reason.
    """

    def __init__(self, topics: TopicTemplate, buffer: SharedBuffer) -> None:
        self._topics = topics
        self._buffer = buffer
        self.refusals = Refusals()
        self.counters = {
            "messages": 0,
            "bytes": 0,
            "retained": 0,
            "bad_topics": 0,
            "bad_payloads": 0,
            "oversized": 0,
        }

    def receive(
        self, topic: str, payload: bytes, *, is_retained: bool, receipt: Receipt | None
    ) -> None:
        """Take one message in; its receipt reaches the buffer whatever comes of it.

        Args:
            topic: Of the message.
            payload: See ``decode``.
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
            device = self._topics.device_of(topic)
        except PayloadError as error:
            self.counters["bad_topics"] += 1
            self.refusals.add(topic[:MAX_NAME], "topic", str(error))
            return False
        try:
            blocks = decode(payload, arrival)
        except RefusedPayloadError as error:
            self._refuse(device, error)
            return False
        for samples in blocks[:-1]:
            self._buffer.append(device, samples, arrival, None)
        self._buffer.append(device, blocks[-1], arrival, receipt)
        return True

    def _refuse(self, device: str, error: RefusedPayloadError) -> None:
        self.counters["bad_payloads"] += 1
        self.counters["oversized"] += error.kind == "size"
        self.refusals.add(device, error.kind, str(error))
