"""A subscriber and a machine for tests against a real mosquitto."""

from __future__ import annotations

import json
import threading
from typing import Any

import paho.mqtt.client as paho

from detector.ingest.buffer import Receipt, SharedBuffer, TakenBlock
from detector.ingest.connection import ConnectionState
from detector.ingest.mqtt import Subscriber
from detector.ingest.sources import Sources
from detector.settings.mqtt import MqttSettings
from detector.settings.sources import SourceSettings
from tests.conftest import Broker, wait_for

T0 = 1_700_000_000.0


def sources(settings: MqttSettings) -> Sources:
    """Those of the short form ``mqtt.topic``."""
    return Sources([SourceSettings(topic=settings.topic)])


class Detector:
    """A subscriber with its buffer and what was taken from it; one topic tree per test."""

    def __init__(self, broker: Broker, name: str, **settings: Any) -> None:
        wanted = {"url": broker.url, "topic": f"{name}/{{device}}", "client_id": name}
        self.settings = MqttSettings(**wanted, topic_out=f"out-{name}", **settings)
        self.buffer = SharedBuffer(10_000, 100)
        self.subscriber = Subscriber(self.settings, sources(self.settings), self.buffer)
        self.blocks: list[TakenBlock] = []
        self.receipts: list[Receipt] = []

    def start(self) -> Detector:
        """Connect, and wait until it is subscribed."""
        self.subscriber.start()
        return self.until(ConnectionState.CONNECTED)

    def until(self, state: ConnectionState) -> Detector:
        """Wait for a state of the connection."""
        wait_for(lambda: self.subscriber.connection.state is state, what=f"{state}")
        return self

    def take(self, *, ack: bool = True) -> int:
        """Take what is there; returns how many messages came in all."""
        taken = self.buffer.take()
        self.blocks += taken.blocks
        self.receipts += taken.receipts
        if ack:
            self.subscriber.ack(taken.receipts)
        return len(self.receipts)

    def count(self, name: str) -> int:
        """One of the subscriber's counters."""
        return self.subscriber.counters()[name]

    @property
    def ts(self) -> list[float]:
        """All sample times taken so far."""
        return [t for block in self.blocks for t in block.samples.ts]


class Machine:
    """Publishes for the tests and listens to what the detector says."""

    def __init__(self, broker: Broker, listen_to: str | None = None) -> None:
        self.heard: list[tuple[str, Any, bool]] = []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _, __, m: self.heard.append(
            (m.topic, json.loads(m.payload), m.retain)
        )
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        if listen_to is not None:
            self.client.subscribe(listen_to, 1)
            assert subscribed.wait(10)

    def send(self, topic: str, content: Any, *, qos: int = 1, retain: bool = False) -> None:
        """Publish and wait until the broker has it."""
        payload = content if isinstance(content, bytes) else json.dumps(content)
        self.client.publish(topic, payload, qos, retain).wait_for_publish(10)

    def stop(self) -> None:
        """Say goodbye."""
        self.client.disconnect()
        self.client.loop_stop()
