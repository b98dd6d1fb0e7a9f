"""Paho's client as it is needed: a durable session acknowledged by hand, or passing by."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from detector.ingest.connection import address
from detector.settings.mqtt import MqttSettings

SESSION_EXPIRY_S = 7 * 24 * 3600  # how long the broker keeps the session of a stopped detector
LARGEST_PACKET = 8 << 20  # bytes; the broker keeps larger ones from us
QUEUED_OUT = 10_000  # messages at QoS 1 that wait for a connection
RETRY_S = (1, 30)  # first and longest pause between attempts
OFFLINE = '{"state": "offline"}'  # the last will


class Client(paho.Client):
    """Paho's client, whose thread outlives a fault of its own (a malformed packet, say)."""

    on_fault: Callable[[], None]

    def loop_forever(
        self, timeout: float = 1.0, retry_first_connection: bool = False
    ) -> MQTTErrorCode:
        """Paho's own, again after each fault."""
        while True:
            try:
                return super().loop_forever(timeout, retry_first_connection)
            except Exception:  # noqa: BLE001 -- the guard again, one floor below; it is logged
                self.on_fault()
                time.sleep(RETRY_S[0])


def durable_client(settings: MqttSettings, status_topic: str) -> Client:
    """A client with a session that outlives its connection, and a last will.

    Args:
        settings: Broker and credentials.
        status_topic: Where the last will goes.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        protocol=MQTTProtocolVersion.MQTTv5 if is_5(settings) else MQTTProtocolVersion.MQTTv311,
        clean_session=None if is_5(settings) else False,
        manual_ack=True,
    )
    client.reconnect_delay_set(*RETRY_S)
    client.max_queued_messages_set(QUEUED_OUT)
    client.will_set(status_topic, OFFLINE, qos=1, retain=True)
    return _with_credentials(client, settings)


def passing_client(settings: MqttSettings) -> Client:
    """A client that only listens for a while: a name nobody else has, and no session is kept."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"faultline-adopt-{secrets.token_hex(3)}",
        protocol=MQTTProtocolVersion.MQTTv5 if is_5(settings) else MQTTProtocolVersion.MQTTv311,
        clean_session=None if is_5(settings) else True,
    )
    return _with_credentials(client, settings)


def connect_once(client: Client, settings: MqttSettings) -> None:
    """Connect now.

    Raises:
        OSError: If the broker cannot be reached.
    """
    host, port = address(settings.url)
    client.connect(host, port, keepalive=settings.keepalive_s)


def _with_credentials(client: Client, settings: MqttSettings) -> Client:
    if settings.username is not None:
        password = settings.password.get_secret_value() if settings.password else None
        client.username_pw_set(settings.username, password)
    if settings.url.startswith("mqtts:"):
        client.tls_set()
    return client


def connect(client: Client, settings: MqttSettings) -> None:
    """Say where to connect; the client's thread does it, and goes on trying."""
    host, port = address(settings.url)
    client.connect_async(
        host,
        port,
        keepalive=settings.keepalive_s,
        clean_start=False if is_5(settings) else paho.MQTT_CLEAN_START_FIRST_ONLY,
        properties=_connect_properties(settings) if is_5(settings) else None,
    )


def _connect_properties(settings: MqttSettings) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    properties.ReceiveMaximum = settings.receive_maximum
    properties.MaximumPacketSize = LARGEST_PACKET
    return properties


def is_5(settings: MqttSettings) -> bool:
    """Whether the broker is spoken to in MQTT 5."""
    return settings.protocol == "5"
