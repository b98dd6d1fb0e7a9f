"""A plant's devices publish at their pace, whatever becomes of broker and detector meanwhile."""

from __future__ import annotations

import threading
import time

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.soak.plant import BATCH, PERIOD_S, Message, Published
from benchmarks.soak.proxy import HOST
from benchmarks.soak.site import wait_until


class Devices:
    """Publishes all of a plant at QoS 1 from a thread; what the broker has not taken comes again.

    Args:
        plant: What to publish.
        port: Of the broker.
        speed: So many times faster than the devices' own clock.
    """

    def __init__(self, plant: Published, port: int, speed: float = 1.0) -> None:
        self._plant, self._speed = plant, speed
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"plant-{plant.name}", clean_session=False
        )
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(HOST, port)
        self._client.on_publish = self._on_publish
        self._sent = self._taken = 0  # messages
        self._thread = threading.Thread(target=self._publish, daemon=True)

    def __enter__(self) -> Devices:
        """Begin; the births are at the broker."""
        self._client.loop_start()
        self._send(self._plant.births())
        wait_until(lambda: self._taken == self._sent, "the broker has the births")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End when the broker has all of it."""
        self._thread.join()
        wait_until(lambda: self._taken == self._sent, "the broker has all messages")
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_done(self) -> bool:
        """Whether all is published."""
        return not self._thread.is_alive()

    def _publish(self) -> None:
        began = time.monotonic()
        for number, messages in enumerate(self._plant.rounds()):
            due = began + number * BATCH * PERIOD_S / self._speed
            time.sleep(max(0.0, due - time.monotonic()))
            self._send(messages)

    def _send(self, messages: list[Message]) -> None:
        for topic, payload in messages:
            self._sent += 1
            self._client.publish(topic, payload, 1)  # waits in memory for a connection

    def _on_publish(self, *_: object) -> None:
        self._taken += 1
