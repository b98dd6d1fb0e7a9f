"""A recorded machine sent over MQTT, as much of it as is asked for at a time."""

from __future__ import annotations

import json
import time

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from detector.records import Samples

BATCH = 50  # samples a message
WITHIN_S = 60.0


class Feed:
    """One device; its first sample is now, and its clock runs ``speed`` times fast.

    Args:
        url: Of the broker, ``mqtt://host:port``.
        device: Its name, on ``sensors/{device}``.
        samples: What it sends.
        speed: Times real time.
    """

    def __init__(self, url: str, device: str, samples: Samples, speed: float) -> None:
        self.samples, self.sent = samples, 0
        self._topic, self._speed = f"sensors/{device}", speed
        self._shift = time.time() - float(samples.ts[0])
        host, port = url.removeprefix("mqtt://").split(":")
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.connect(host, int(port))
        self._client.loop_start()

    @property
    def now(self) -> float:
        """Time of the newest sample sent, UTC seconds of the device."""
        return float(self.samples.ts[max(self.sent - 1, 0)]) + self._shift

    def put(self, samples: Samples) -> None:
        """Go on with other values at the same times."""
        self.samples = samples

    def send_for(self, seconds: float) -> None:
        """Send so much of the signal, in a time ``speed`` times shorter."""
        began, first = time.monotonic(), self.now
        while self.now < first + seconds and self.sent < len(self.samples):
            message = self._client.publish(self._topic, self._payload(), qos=1)
            message.wait_for_publish(WITHIN_S)
            self.sent = min(self.sent + BATCH, len(self.samples))
            ahead = (self.now - first) / self._speed - (time.monotonic() - began)
            time.sleep(max(ahead, 0.0))

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _payload(self) -> bytes:
        rows = slice(self.sent, self.sent + BATCH)
        columns = {
            name: [float(value) for value in self.samples.values[rows, column]]
            for column, name in enumerate(self.samples.features)
        }
        return json.dumps(
            {"ts": (self.samples.ts[rows] + self._shift).tolist(), **columns}
        ).encode()
