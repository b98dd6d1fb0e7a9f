"""Publishing samples over MQTT, and hearing requests; the one home of paho here."""

import logging
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulator.errors import SimulatorError
from simulator.live.address import Address

logger = logging.getLogger(__name__)

TOPIC = "sensors/{device}"
CONNECT_TIMEOUT_S = 5.0
IN_FLIGHT = 500  # unacknowledged messages after which publishing waits for the broker
WAIT_S = 30.0  # without a single acknowledgement, then the broker counts as gone


class Publisher:
    """A connection that publishes batches of samples; reconnects by itself.

    Args:
        url: ``mqtt://user:pass@host:port``, or another form that ``Address.parse`` reads.
        topic: Template in which ``{device}`` stands for the device's name.
        qos: 0 (may be lost) or 1 (repeated until acknowledged).
        ca: PEM file of the authority to trust; None: those that this computer trusts.
        own: PEM file of our certificate and its key, where the broker asks for one.

    Raises:
        SimulatorError: If the URL, the topic or a file cannot be used; on entering, if the
            broker refuses, is silent or wants other credentials.
    """

    def __init__(
        self,
        url: str,
        *,
        topic: str = TOPIC,
        qos: int = 1,
        ca: Path | None = None,
        own: Path | None = None,
    ) -> None:
        self.address = Address.parse(url)
        if "{device}" not in topic or set(topic) & set("+#"):
            raise SimulatorError(f"topic {topic!r}; allowed: without + and #, like {TOPIC}")
        self._topic = topic
        self._qos = qos
        self._answered = threading.Event()
        self._refusal: str | None = None
        self._open: dict[int, int] = {}  # id and QoS of messages the broker has not taken yet
        self._early: set[int] = set()  # ids it took before we were told them
        self._breaks = 0  # connections lost so far
        self._taken = threading.Condition()
        self._receivers: dict[str, Callable[[bytes], None]] = {}
        self._client = self._build(ca, own)
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
        self,
        device: str,
        columns: dict[str, NDArray[np.float64]],
        *,
        session: str | None = None,
        rate_hz: float | None = None,
    ) -> None:
        """Publish one batch as one message.

        Args:
            device: Name of the machine.
            columns: ``ts`` and the features by name, each shape (n,); NaN is sent as null.
            session: Name of the run the samples belong to.
            rate_hz: Of samples at equal steps, of which the first time is sent alone.

        Raises:
            SimulatorError: If the broker has not taken earlier messages for a long time.
        """
        message: dict[str, object] = {name: column.tolist() for name, column in columns.items()}
        if rate_hz is not None:
            message |= {"ts": float(columns["ts"][0]), "fs": rate_hz}
        if session is not None:
            message["session"] = session
        topic = self._topic.replace("{device}", device)
        self._send(topic, msgspec.json.encode(message), self._qos)

    def tell(self, topic: str, message: dict[str, object]) -> None:
        """Publish a JSON message of its own at QoS 1, whatever the samples' QoS is.

        Raises:
            SimulatorError: If the broker has not taken earlier messages for a long time.
        """
        self._send(topic, msgspec.json.encode(message), 1)

    def subscribe(self, topic: str, receive: Callable[[bytes], None]) -> None:
        """Hand every message on ``topic`` to ``receive``, after reconnects too.

        Retained messages are left out: they would come again with each reconnect. ``receive`` runs
        in the network thread: it must be quick and not publish. What it raises is logged there.
        """
        self._receivers[topic] = receive
        self._client.message_callback_add(topic, self._on_message)
        if self._client.is_connected():
            self._client.subscribe(topic, 1)

    def _send(self, topic: str, payload: bytes, qos: int) -> None:
        breaks = self._breaks
        info = self._client.publish(topic, payload, qos=qos)
        with self._taken:
            if info.mid in self._early:
                self._early.remove(info.mid)
            elif qos == 0 and (info.rc == MQTTErrorCode.MQTT_ERR_NO_CONN or breaks != self._breaks):
                self.lost += 1
            else:
                self._open[info.mid] = qos
        self._wait_until_open_at_most(IN_FLIGHT, WAIT_S)

    def flush(self, timeout_s: float = WAIT_S) -> None:
        """Wait until the broker has taken every message.

        Raises:
            SimulatorError: If it takes none for ``timeout_s``.
        """
        self._wait_until_open_at_most(0, timeout_s)

    def _wait_until_open_at_most(self, limit: int, timeout_s: float) -> None:
        with self._taken:
            while len(self._open) > limit:
                if not self._taken.wait(timeout_s):
                    raise SimulatorError(
                        f"{self.address}: {len(self._open)} messages not acknowledged within "
                        f"{timeout_s:g} s; is the broker still running?"
                    )

    def _forget_lost(self) -> None:
        """Count what a lost connection took with it; QoS 1 is sent again."""
        with self._taken:
            self._breaks += 1
            lost = [mid for mid, qos in self._open.items() if qos == 0]
            for mid in lost:
                del self._open[mid]
            self.lost += len(lost)
            self._taken.notify_all()

    def _build(self, ca: Path | None, own: Path | None) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, transport="websockets" if self.address.path else "tcp"
        )
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.reconnect_delay_set(min_delay=1, max_delay=2)
        client.connect_timeout = CONNECT_TIMEOUT_S
        if self.address.user is not None:
            client.username_pw_set(self.address.user, self.address.password)
        if self.address.path:
            client.ws_set_options(self.address.path)
        if self.address.is_encrypted:
            client.tls_set_context(tls_context(ca, own))
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
        if not reason.is_failure:
            for topic in list(self._receivers):
                client.subscribe(topic, 1)
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
            self._forget_lost()

    def _on_publish(
        self,
        client: Client,
        userdata: object,
        mid: int,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        with self._taken:
            if self._open.pop(mid, None) is None:
                self._early.add(mid)
            self._taken.notify_all()

    def _on_subscribe(
        self,
        client: Client,
        userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                logger.warning("%s: subscription refused (%s)", self.address, reason)

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        if message.retain:
            logger.warning("%s: a retained message is not obeyed", message.topic)
            return
        try:
            self._receivers[message.topic](bytes(message.payload))
        except Exception:  # it would end paho's thread unseen
            logger.exception("%s: message not taken", message.topic)


def tls_context(ca: Path | None, own: Path | None) -> ssl.SSLContext:
    """What TLS connections are made with; certificate and host name are always checked.

    Raises:
        SimulatorError: If a file holds no certificate, or ``own`` not its key.
    """
    reading = ca
    try:
        if ca is None:
            context = ssl.create_default_context()
        else:  # checks all that counts, but not whether an authority of a plant states its usage
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(ca)
        if own is not None:
            reading = own
            context.load_cert_chain(own)
    except OSError as error:  # ssl.SSLError is one too
        raise SimulatorError(f"{reading}: {error.strerror}; allowed: a PEM file") from error
    return context
