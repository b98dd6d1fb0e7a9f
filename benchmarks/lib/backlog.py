"""A backlog of messages at a real broker, and two who read it as fast as they can.

Both have durable sessions and the same client with the same options. ``Bare`` counts what arrives
and acknowledges it; ``Whole`` is the subscriber, whose samples are taken from the buffer as the
scoring thread takes them. What is published while neither is connected waits for both, so that no
publisher takes part in what is timed.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol

from paho.mqtt.client import Client as Paho
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.enums import MQTTProtocolVersion as Version

from detector.ingest.buffer import SharedBuffer
from detector.ingest.client import connect, durable_client
from detector.ingest.connection import ConnectionState, address
from detector.ingest.mqtt import Subscriber
from detector.ingest.sources import Sources
from detector.settings.buffer import BufferSettings
from detector.settings.mqtt import MqttSettings
from detector.settings.sources import SourceSettings
from simulator.errors import SimulatorError

TOPIC = "own/{device}"
DEVICES = 20  # that take turns
WITHIN_S = 60.0
TICK_S = 0.1
IN_FLIGHT = 1000  # of the publisher


@dataclass(frozen=True)
class Round:
    """How both read the same backlog.

    Attributes:
        bare, whole: Messages per second.
        bare_cpu_us, whole_cpu_us: CPU time of the reading process for each message.
    """

    bare: float
    whole: float
    bare_cpu_us: float
    whole_cpu_us: float

    @property
    def ratio(self) -> float:
        """Of the rates."""
        return self.whole / self.bare

    @property
    def cpu_ratio(self) -> float:
        """Of the messages that a second of CPU reads; it bears other work on the machine."""
        return self.bare_cpu_us / self.whole_cpu_us


class Reader(Protocol):
    """Someone with a session at the broker."""

    def open(self) -> None:
        """Leave a session that has subscribed."""

    def drain(self, count: int) -> float:
        """Connect and read ``count`` messages; returns the seconds that took."""


class Bare:
    """A callback that counts.

    Args:
        url: Of the broker.
    """

    def __init__(self, url: str) -> None:
        self._settings = MqttSettings(url=url, client_id="bare")

    def open(self) -> None:
        """See ``Reader``."""
        self._read(0)

    def drain(self, count: int) -> float:
        """See ``Reader``."""
        return self._read(count)

    def _read(self, count: int) -> float:
        client, seen, is_done = durable_client(self._settings, "bare/status"), 0, threading.Event()

        def on_message(_: object, __: object, message: MQTTMessage) -> None:
            nonlocal seen
            seen += 1
            client.ack(message.mid, message.qos)
            if seen == count:
                is_done.set()

        def on_connect(*_: object) -> None:
            client.subscribe(TOPIC.format(device="+"), 1)

        client.on_message, client.on_connect = on_message, on_connect
        client.on_subscribe = lambda *_: is_done.set() if count == 0 else None
        began = time.perf_counter()
        connect(client, self._settings)
        client.loop_start()
        if not is_done.wait(WITHIN_S):
            raise SimulatorError(f"a bare client: {seen} of {count} messages in {WITHIN_S:g} s")
        took_s = time.perf_counter() - began
        client.disconnect()
        client.loop_stop()
        return took_s


class Whole:
    """The subscriber, its receiver and the buffer.

    Args:
        url: Of the broker.
    """

    def __init__(self, url: str) -> None:
        self._settings = MqttSettings(url=url, client_id="whole")

    def open(self) -> None:
        """See ``Reader``."""
        subscriber = self._subscriber(SharedBuffer(100, 1))
        subscriber.start()
        deadline = time.monotonic() + WITHIN_S
        while subscriber.connection.state is not ConnectionState.CONNECTED:
            if time.monotonic() > deadline:
                raise SimulatorError(f"the subscriber: {subscriber.connection.reason}")
            time.sleep(0.02)
        subscriber.stop()

    def drain(self, count: int) -> float:
        """See ``Reader``."""
        limits = BufferSettings()
        buffer = SharedBuffer(limits.samples_per_device, limits.max_devices, patience_s=1.0)
        subscriber, seen = self._subscriber(buffer), 0
        began = time.perf_counter()
        subscriber.start()
        while seen < count and time.perf_counter() - began < WITHIN_S:
            buffer.wait(TICK_S, subscriber.commit_after)
            taken = buffer.take()
            seen += subscriber.ack(taken.receipts)
        took_s = time.perf_counter() - began
        subscriber.stop()
        totals = buffer.totals()
        if seen < count or subscriber.refusals() or totals["overrun_samples"]:
            raise SimulatorError(f"the subscriber: {seen} of {count} messages; {totals}")
        return took_s

    def _subscriber(self, buffer: SharedBuffer) -> Subscriber:
        return Subscriber(self._settings, Sources([SourceSettings(topic=TOPIC)]), buffer)


def publish(url: str, payload: bytes, count: int) -> None:
    """Leave ``count`` messages with the broker."""
    client = Paho(CallbackAPIVersion.VERSION2, protocol=Version.MQTTv5)
    client.max_inflight_messages_set(IN_FLIGHT)
    client.max_queued_messages_set(0)
    where = address(url)
    client.connect(where.host, where.port)
    client.loop_start()
    sent = [
        client.publish(TOPIC.format(device=f"m{number % DEVICES}"), payload, qos=1)
        for number in range(count)
    ]
    for message in sent:
        message.wait_for_publish(WITHIN_S)
    client.disconnect()
    client.loop_stop()


def race(url: str, payload: bytes, count: int, rounds: int) -> list[Round]:
    """Let the bare client and the subscriber read ``rounds`` backlogs of ``count`` messages."""
    readers: dict[str, Reader] = {"bare": Bare(url), "whole": Whole(url)}
    for reader in readers.values():
        reader.open()
    found = []
    for number in range(rounds):
        publish(url, payload, count)
        order = list(readers)[:: 1 if number % 2 else -1]
        cost = {name: _cost(readers[name], count) for name in order}
        (bare, bare_cpu_us), (whole, whole_cpu_us) = cost["bare"], cost["whole"]
        found.append(Round(bare, whole, bare_cpu_us, whole_cpu_us))
    return found


def _cost(reader: Reader, count: int) -> tuple[float, float]:
    """Messages per second, and microseconds of CPU for each."""
    began_cpu_s = time.process_time()
    took_s = reader.drain(count)
    return count / took_s, (time.process_time() - began_cpu_s) / count * 1e6
