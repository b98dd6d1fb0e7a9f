"""Publishing samples over MQTT; the one home of paho here."""

import logging
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulator.errors import SimulatorError

logger = logging.getLogger(__name__)

TOPIC = "sensors/{device}"
CONNECT_TIMEOUT_S = 5.0
IN_FLIGHT = 500  # unacknowledged messages after which publishing waits for the broker
WAIT_S = 30.0  # without a single acknowledgement, then the broker counts as gone
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class Address:
    """Where a broker listens, and who we are to it."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``mqtt://user:pass@host:port``; ``mqtts`` speaks TLS.

        Raises:
            SimulatorError: If the URL is not of that form; the password is never shown.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise SimulatorError(f"MQTT URL: {error}; allowed: mqtt://host:1883") from error
        if parts.scheme not in PORTS or not parts.hostname:
            raise SimulatorError(
                f"MQTT URL: found scheme {parts.scheme!r}, host {parts.hostname or ''!r}; "
                "allowed: mqtt://host:1883 or mqtts://host:8883"
            )
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or PORTS[parts.scheme],
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


class Publisher:
    """A connection that publishes batches of samples; reconnects by itself.

    Args:
        url: ``mqtt://user:pass@host:port``.
        topic: Template in which ``{device}`` stands for the device's name.
        qos: 0 (may be lost) or 1 (repeated until acknowledged).

    Raises:
        SimulatorError: On entering, if the broker refuses, is silent or wants other credentials.
    """

    def __init__(self, url: str, *, topic: str = TOPIC, qos: int = 1) -> None:
        self.address = Address.parse(url)
        if "{device}" not in topic or set(topic) & set("+#"):
            raise SimulatorError(f"topic {topic!r}; allowed: without + and #, like {TOPIC}")
        self._topic = topic
        self._qos = qos
        self._answered = threading.Event()
        self._refusal: str | None = None
        self._open = 0  # messages the broker has not taken yet
        self._taken = threading.Condition()
        self._client = self._build()
        self.lost = 0  # messages a dead connection dropped; QoS 0 only

    def __enter__(self) -> Self:
        self._connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def publish(
        self, device: str, columns: dict[str, NDArray[np.float64]], *, session: str | None = None
    ) -> None:
        """Publish one batch as one message.

        Args:
            device: Name of the machine.
            columns: ``ts`` and the features by name, each shape (n,); NaN is sent as null.
            session: Name of the run the samples belong to.

        Raises:
            SimulatorError: If the broker has not taken earlier messages for a long time.
        """
        message: dict[str, object] = {name: column.tolist() for name, column in columns.items()}
        if session is not None:
            message["session"] = session
        topic = self._topic.replace("{device}", device)
        with self._taken:
            self._open += 1
        info = self._client.publish(topic, msgspec.json.encode(message), qos=self._qos)
        if self._qos == 0 and info.rc == MQTTErrorCode.MQTT_ERR_NO_CONN:
            self._forget_lost(1)
        self._wait_until_open_at_most(IN_FLIGHT, WAIT_S)

    def flush(self, timeout_s: float = WAIT_S) -> None:
        """Wait until the broker has taken every message.

        Raises:
            SimulatorError: If it takes none for ``timeout_s``.
        """
        self._wait_until_open_at_most(0, timeout_s)

    def _wait_until_open_at_most(self, limit: int, timeout_s: float) -> None:
        with self._taken:
            while self._open > limit:
                if not self._taken.wait(timeout_s):
                    raise SimulatorError(
                        f"{self.address}: {self._open} messages not acknowledged within "
                        f"{timeout_s:g} s; is the broker still running?"
                    )

    def _forget_lost(self, messages: int) -> None:
        with self._taken:
            self.lost += messages
            self._open -= messages
            self._taken.notify_all()

    def _build(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        client.connect_timeout = CONNECT_TIMEOUT_S
        if self.address.user is not None:
            client.username_pw_set(self.address.user, self.address.password)
        if self.address.scheme == "mqtts":
            client.tls_set()
        return client

    def _connect(self) -> None:
        try:
            self._client.connect(self.address.host, self.address.port)
        except ConnectionRefusedError as error:
            raise SimulatorError(
                f"{self.address}: connection refused; is a broker listening there?"
            ) from error
        except TimeoutError as error:
            raise SimulatorError(
                f"{self.address}: no answer within {CONNECT_TIMEOUT_S:g} s"
            ) from error
        except OSError as error:
            raise SimulatorError(f"{self.address}: {error.strerror or error}") from error
        self._client.loop_start()
        answered = self._answered.wait(CONNECT_TIMEOUT_S)
        if answered and self._refusal is None:
            return
        self._client.loop_stop()
        reason = self._refusal or f"no MQTT answer within {CONNECT_TIMEOUT_S:g} s"
        raise SimulatorError(f"{self.address}: {reason}")

    def _on_connect(
        self,
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._refusal = str(reason).lower() if reason.is_failure else None
        self._answered.set()
        logger.info("%s: %s", self.address, reason)

    def _on_disconnect(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            logger.warning("%s: connection lost (%s), connecting again", self.address, reason)
            if self._qos == 0:
                self._forget_lost(self._open)

    def _on_publish(
        self,
        client: Client,
        userdata: object,
        mid: int,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        with self._taken:
            self._open -= 1
            self._taken.notify_all()
