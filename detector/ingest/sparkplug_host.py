"""Sparkplug's primary host: edge nodes keep their data while the host they wait for is off.

Its state is a retained message with a last will of its own, so it has a connection of its own.
https://sparkplug.eclipse.org/specification, 3.0, *Sparkplug Host Application*.
"""

from __future__ import annotations

import json
import time

from paho.mqtt import client as paho
from paho.mqtt.reasoncodes import ReasonCode

from detector.ingest.client import connect, passing_client
from detector.ingest.guard import Guard
from detector.settings.mqtt import MqttSettings

STATE = "spBv1.0/STATE"


class PrimaryHost:
    """Says on ``spBv1.0/STATE/{host}`` that the host is there, for as long as it is.

    Args:
        settings: Broker and credentials.
        host: Its name, as edge nodes are told.
        guard: Catches what fails in the network thread.

    Raises:
        SettingsError: If the broker's address or a file of the credentials cannot be used.
    """

    def __init__(self, settings: MqttSettings, host: str, guard: Guard) -> None:
        self._settings = settings
        self._topic = f"{STATE}/{host}"
        self._is_ending = False
        self._since_ms = 0  # the same in the will and in the birth
        self._client = passing_client(settings, f"{settings.client_id}-host")
        self._client.on_fault = lambda: guard.note("paho")
        self._client.on_pre_connect = guard.over(self._on_pre_connect)
        self._client.on_connect = guard.over(self._on_connect)
        self._client.on_message = guard.over(self._on_message)

    def start(self) -> None:
        """Begin to connect, and go on for as long as it takes."""
        connect(self._client, self._settings, is_durable=False)
        self._client.loop_start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Say that the host is off, and end the thread."""
        self._is_ending = True
        if self._client.is_connected():
            self._say(is_online=False).wait_for_publish(timeout_s)
        self._client.disconnect()
        self._client.loop_stop()

    def _say(self, *, is_online: bool) -> paho.MQTTMessageInfo:
        return self._client.publish(self._topic, self._state(is_online=is_online), 1, retain=True)

    def _state(self, *, is_online: bool) -> str:
        return json.dumps({"online": is_online, "timestamp": self._since_ms})

    def _on_pre_connect(self, _: object, __: object) -> None:
        self._since_ms = int(time.time() * 1000)
        self._client.will_set(self._topic, self._state(is_online=False), 1, retain=True)

    def _on_connect(
        self, _: object, __: object, ___: object, reason: ReasonCode, ____: object
    ) -> None:
        if not reason.is_failure:
            self._client.subscribe(self._topic, 1)
            self._say(is_online=True)

    def _on_message(self, _: object, __: object, message: paho.MQTTMessage) -> None:
        """An earlier connection's will that comes late must not stand."""
        if b"true" not in message.payload and not self._is_ending:
            self._say(is_online=True)
