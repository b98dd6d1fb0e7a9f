"""Paho's client as it is needed: a durable session acknowledged by hand, or passing by."""

from __future__ import annotations

import secrets
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from detector.ingest.connection import address
from detector.ingest.trust import password, tls_context
from detector.settings.mqtt import MqttSettings

SESSION_EXPIRY_S = 7 * 24 * 3600  # how long the broker keeps the session of a stopped detector
LARGEST_PACKET = 8 << 20  # bytes; the broker keeps larger ones from us
QUEUED_OUT = 10_000  # messages at QoS 1 that wait for a connection
RETRY_S = (1, 2)  # first and longest pause between attempts: soon back once the broker is
REFUSED_S = 30  # the longest where it answers and turns us away, which some brokers count
OFFLINE = '{"state": "offline"}'  # the last will


class Client(paho.Client):
    """Paho's client, whose thread outlives a fault of its own (a malformed packet, say).

    Attributes:
        broken_by: What TLS said when it ended this attempt to connect; None: nothing yet.
    """

    on_fault: Callable[[], None]
    broken_by: ssl.SSLError | None = None
    _longest_s: int | None = None

    def reconnect(self) -> MQTTErrorCode:
        """Paho's own; until the broker answers, hear why it hangs up: paho only logs that."""
        self.broken_by = None
        self.on_log = self._keep_reason
        return super().reconnect()

    def try_soon(self) -> None:
        """Pause for ``RETRY_S`` between attempts: nobody is there."""
        self._pause_at_most(RETRY_S[1])

    def try_rarely(self) -> None:
        """Pause for up to ``REFUSED_S``: somebody is there and turns us away."""
        self._pause_at_most(REFUSED_S)

    def _pause_at_most(self, seconds: int) -> None:
        if seconds != self._longest_s:  # to set it begins with the shortest again
            self._longest_s = seconds
            self.reconnect_delay_set(RETRY_S[0], seconds)

    def _keep_reason(self, *_: object) -> None:
        if isinstance(error := sys.exception(), ssl.SSLError):  # paho logs while it handles it
            self.broken_by = error

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

    Raises:
        SettingsError: If the broker's address or a file of the credentials cannot be used.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        protocol=MQTTProtocolVersion.MQTTv5 if is_5(settings) else MQTTProtocolVersion.MQTTv311,
        clean_session=None if is_5(settings) else False,
        transport="tcp" if address(settings.url).path is None else "websockets",
        manual_ack=True,
    )
    client.try_soon()
    client.max_queued_messages_set(QUEUED_OUT)
    client.will_set(status_topic, OFFLINE, qos=1, retain=True)
    return _with_credentials(client, settings)


def passing_client(settings: MqttSettings, client_id: str | None = None) -> Client:
    """A client of which no session is kept.

    Args:
        settings: Broker and credentials.
        client_id: None: a name nobody else has.

    Raises:
        SettingsError: If the broker's address or a file of the credentials cannot be used.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id or f"faultline-adopt-{secrets.token_hex(3)}",
        protocol=MQTTProtocolVersion.MQTTv5 if is_5(settings) else MQTTProtocolVersion.MQTTv311,
        clean_session=None if is_5(settings) else True,
        transport="tcp" if address(settings.url).path is None else "websockets",
    )
    return _with_credentials(client, settings)


def connect_once(client: Client, settings: MqttSettings) -> None:
    """Connect now.

    Raises:
        OSError: If the broker cannot be reached.
    """
    where = address(settings.url)
    client.connect(where.host, where.port, keepalive=settings.keepalive_s)


def _with_credentials(client: Client, settings: MqttSettings) -> Client:
    where, word = address(settings.url), password(settings)
    if settings.username is not None:
        client.username_pw_set(settings.username, word)
    if where.is_encrypted:
        client.tls_set_context(tls_context(settings))
    if where.path is not None:
        client.ws_set_options(where.path)
    return client


def connect(client: Client, settings: MqttSettings, *, is_durable: bool = True) -> None:
    """Say where to connect; the client's thread does it, and goes on trying."""
    where = address(settings.url)
    if not is_durable:
        client.try_soon()
        client.connect_async(where.host, where.port, keepalive=settings.keepalive_s)
        return
    client.connect_async(
        where.host,
        where.port,
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


class Subscriptions:
    """What the broker is asked for, which of it it has not answered yet, and what it may remember.

    Args:
        client: Of the connection.
        settings: Protocol and QoS.
        filters: To begin with; asked for by ``renew``.
    """

    def __init__(self, client: Client, settings: MqttSettings, filters: Sequence[str]) -> None:
        self._client, self._settings, self._filters = client, settings, list(filters)
        self._gone: set[str] = set()  # asked for before
        self._lock = threading.Lock()  # held until it is noted what was asked for
        self._asked: dict[int, list[str]] = {}  # by the number of the request

    def change(self, filters: Sequence[str]) -> None:
        """Ask for what is new among ``filters``, and then no longer for the others."""
        before, self._filters = self._filters, list(filters)
        self._gone = (self._gone | set(before)) - set(filters)
        self._subscribe([one for one in filters if one not in before])
        self._unsubscribe(set(before) - set(filters))

    def renew(self) -> None:
        """Ask anew for everything, on a new connection: also a kept session may know others."""
        self._asked.clear()
        self.repeat()
        self._unsubscribe(self._gone)

    def repeat(self) -> None:
        """Ask again for everything."""
        self._subscribe(self._filters)

    def answered(self, number: int) -> list[str]:
        """Which filters a request asked for that the broker has answered."""
        with self._lock:
            return self._asked.pop(number, self._filters)

    @property
    def is_answered(self) -> bool:
        """Whether the broker has answered everything."""
        return not self._asked

    def _subscribe(self, filters: Sequence[str]) -> None:
        if not filters:
            return
        qos = self._settings.qos
        wanted: list[tuple[str, int]] = [(one, qos) for one in filters]
        options = SubscribeOptions(qos, noLocal=True)  # what we publish ourselves is no sample
        with self._lock:
            _, number = self._client.subscribe(
                [(one, options) for one in filters] if is_5(self._settings) else wanted
            )
            if number is not None:
                self._asked[number] = list(filters)

    def _unsubscribe(self, filters: Iterable[str]) -> None:
        if gone := sorted(filters):
            self._client.unsubscribe(gone)


def is_5(settings: MqttSettings) -> bool:
    """Whether the broker is spoken to in MQTT 5."""
    return settings.protocol == "5"
