"""The broker: samples in, states and alarms out. The detector's only home of paho.

Messages are acknowledged by hand once their samples are committed, over a durable session, so
that a restart of either side loses nothing that was published at QoS 1.

Paho's network thread runs the ``_on_…`` methods. ``ack`` and ``publish`` may be called from any
thread: paho appends the packet to a deque and wakes the network thread, which sends it.
"""

from __future__ import annotations

import ssl
import sys
import threading
from collections import deque
from collections.abc import Iterable, Sequence

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from detector.ingest.buffer import Receipt, SharedBuffer
from detector.ingest.client import OFFLINE, Client, Subscriptions, connect, durable_client, is_5
from detector.ingest.clocks import Clocks
from detector.ingest.connection import (
    Connection,
    ConnectionLog,
    ConnectionState,
    why_refused,
)
from detector.ingest.delivery import Delivery
from detector.ingest.guard import Guard
from detector.ingest.receiver import Receiver
from detector.ingest.sources import Sources
from detector.ingest.trust import why_not_trusted
from detector.ingest.unused import UnusedInventory
from detector.settings.mqtt import MqttSettings

IN_FLIGHT_3_1_1 = 20  # mosquitto's limit where the client cannot name its own
RESUBSCRIBE_S = 30.0
NO_CONNECTION = 0
ONLINE = '{"state": "online"}'


class Subscriber:
    """Receives samples into a buffer and publishes states and alarms.

    Args:
        settings: Broker, topics out and credentials.
        sources: Which topics to ask for, and how their messages are read.
        buffer: Where samples and receipts go.
        clocks: Measures the devices' clocks; None: ones that replace none.

    Raises:
        SettingsError: If the broker's address, a certificate or the password cannot be used.
    """

    def __init__(
        self,
        settings: MqttSettings,
        sources: Sources,
        buffer: SharedBuffer,
        clocks: Clocks | None = None,
    ) -> None:
        self._settings = settings
        self._status_topic = f"{settings.topic_out}/status"
        self._log = ConnectionLog(f"broker {settings.url}")
        self._receiver = Receiver(sources, buffer, self.publish, clocks)
        self.clocks = self._receiver.clocks
        self._guard = Guard()
        self._counters = dict.fromkeys(
            ("connections", "sessions_lost", "stale_receipts", "refused_publishes"), 0
        )
        self._lock = threading.Lock()  # held by ack, so that none falls between two connections
        self._due: deque[int] = deque()  # numbers of messages to acknowledge, in order of arrival
        self._open = NO_CONNECTION
        self._refused: set[int] = set()  # numbers of publishes that this connection refused
        self._again: threading.Timer | None = None
        self._client = self._listening(durable_client(settings, self._status_topic))
        self._subscriptions = Subscriptions(self._client, settings, sources.filters)

    @property
    def connection(self) -> Connection:
        """How the connection stands and why."""
        return self._log.now

    @property
    def connections(self) -> int:
        """How many were made so far; a new one may meet a broker that kept nothing."""
        return self._counters["connections"]

    @property
    def commit_after(self) -> int:
        """Waiting receipts at which to commit early: half of what the broker lets wait."""
        return max(1, in_flight(self._settings) // 2)

    @property
    def hold_at_most(self) -> int:
        """Receipts that may wait for more than a commit: most of what the broker lets wait."""
        return in_flight(self._settings) * 9 // 10

    def counters(self) -> dict[str, int]:
        """Totals of the connection and of what was received, by name."""
        return {**self._receiver.counters, **self._counters, "faults": self._guard.faults}

    @property
    def unused(self) -> UnusedInventory:
        """What was received and not used."""
        return self._receiver.unused

    def births(self) -> dict[str, bytes | None]:
        """Messages heard since the last time that later ones cannot be read without, by topic."""
        return self._receiver.births()

    def refusals(self) -> dict[str, dict[str, int]]:
        """Messages that were not taken, by device and kind of reason."""
        return self._receiver.refusals.counts()

    def ask_for(self, filters: Sequence[str]) -> None:
        """Subscribe to what is new among ``filters``, and then no longer to others; any thread.

        Without a connection it is done with the next one.
        """
        self._subscriptions.change(filters)

    @property
    def is_heard(self) -> bool:
        """Whether the broker has answered all that it was asked for, or there is no connection."""
        return self._subscriptions.is_answered or self._open == NO_CONNECTION

    def start(self) -> None:
        """Begin to connect, and go on for as long as it takes."""
        connect(self._client, self._settings)
        self._client.loop_start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Say goodbye and end the thread, for good; what is not acknowledged comes again later."""
        if self._again is not None:
            self._again.cancel()
        self.ack(())
        if self._open != NO_CONNECTION:
            self.publish(self._status_topic, OFFLINE, qos=1, retain=True).wait(timeout_s)
        self._log.end()
        self._client.disconnect()
        self._client.loop_stop()

    def ack(self, receipts: Iterable[Receipt]) -> int:
        """Acknowledge messages whose samples are committed.

        The first at once, so that the broker sends on; the others go out with the next message
        that comes, from the thread that receives it, or else with the next call, even one
        without receipts. Two threads that wake each other for every message would cost both.

        Receipts of an earlier connection are skipped and counted: the broker delivers those
        messages again, and by now their numbers may mean others.

        Returns:
            How many are acknowledged.
        """
        with self._lock:
            self._send_acks(len(self._due))
            given = list(receipts)
            due = [receipt.message for receipt in given if receipt.connection == self._open]
            self._due += due
            self._send_acks(1)
            self._counters["stale_receipts"] += len(given) - len(due)
        return len(due)

    def _send_acks(self, most: int) -> None:
        """The oldest that are due; the lock is held."""
        for _ in range(min(most, len(self._due))):
            self._client.ack(self._due.popleft(), 1)

    def _be_on(self, connection: int) -> None:
        """Another connection, or none; what the old one was owed comes again. The lock is held."""
        self._open = connection
        self._due.clear()

    def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 0, retain: bool = False
    ) -> Delivery:
        """Send a message, without waiting.

        Without a connection a message at QoS 0 is lost; one at QoS 1 waits in memory for the
        next connection, up to 10,000 of them.
        """
        message = self._client.publish(topic, payload, qos, retain)
        if qos > 0 and message.rc == MQTTErrorCode.MQTT_ERR_NO_CONN:
            message.rc = MQTTErrorCode.MQTT_ERR_SUCCESS  # queued, but paho never clears the code
        return Delivery(message, self._refused)

    def _listening(self, client: Client) -> Client:
        over = self._guard.over
        client.on_fault = self._on_fault
        client.on_connect = over(self._on_connect)
        client.on_connect_fail = over(self._on_connect_fail)
        client.on_disconnect = over(self._on_disconnect)
        client.on_subscribe = over(self._on_subscribe)
        client.on_message = over(self._on_message)
        client.on_publish = over(self._on_publish)
        return client

    def _on_connect(
        self, _: object, __: object, flags: paho.ConnectFlags, reason: ReasonCode, ___: object
    ) -> None:
        if reason.is_failure:
            self._note_turned_away(why_refused(self._settings, str(reason)))
            return
        self._client.on_log = None  # it costs with every message
        with self._lock:
            is_lost = self._counters["connections"] > 0 and not flags.session_present
            self._counters["sessions_lost"] += is_lost
            self._counters["connections"] += 1
            self._be_on(self._counters["connections"])
        self._refused.clear()
        self._subscriptions.renew()
        self.publish(self._status_topic, ONLINE, qos=1, retain=True)

    def _on_connect_fail(self, _: object, __: object) -> None:
        error = sys.exception() or OSError("unknown")  # paho calls this while it handles it
        what = f"cannot be reached ({getattr(error, 'strerror', '') or error})"
        hung_up = isinstance(error, ssl.SSLError | ConnectionError)  # perhaps before it said why
        is_news = not hung_up or isinstance(error, ConnectionRefusedError)
        self._note_broken_off(what, error, is_news=is_news)

    def _on_disconnect(
        self, _: object, __: object, ___: object, reason: ReasonCode, ____: object
    ) -> None:
        with self._lock:
            was_open = self._open != NO_CONNECTION
            self._be_on(NO_CONNECTION)
        what, error = f"connection lost ({reason})", self._client.broken_by
        self._note_broken_off(what, error, is_news=was_open)

    def _note_broken_off(self, what: str, error: BaseException | None, *, is_news: bool) -> None:
        why = why_not_trusted(self._settings, error)
        if why is not None:
            self._note_turned_away(why)
        elif is_news or self.connection.state is not ConnectionState.REFUSED:
            self._note_disconnected(what)

    def _note_turned_away(self, why: str) -> None:
        self._client.try_rarely()
        self._log.note(ConnectionState.REFUSED, why)

    def _note_disconnected(self, what: str) -> None:
        self._client.try_soon()
        line = f"{what}, trying again, allowed: an MQTT broker at mqtt.url"
        self._log.note(ConnectionState.DISCONNECTED, line)

    def _on_subscribe(
        self, _: object, __: object, number: int, reasons: list[ReasonCode], ____: object
    ) -> None:
        pairs = list(zip(self._subscriptions.answered(number), reasons, strict=False))
        refused = [(one, reason) for one, reason in pairs if reason.is_failure]
        if not refused:
            what = ", ".join(f"{one} ({reason})" for one, reason in pairs)
            self._log.note(ConnectionState.CONNECTED, f"connected, subscription to {what}")
            return
        what = ", ".join(f"{one} ({reason})" for one, reason in refused)
        line = f"refused the subscription to {what}, allowed: topics that this user may read"
        self._log.note(ConnectionState.REFUSED, line)
        again = self._guard.over(self._subscriptions.repeat)
        self._again = threading.Timer(RESUBSCRIBE_S, again)
        self._again.daemon = True
        self._again.start()

    def _on_message(self, _: object, __: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "\0"  # fits no template
        if self._due:
            with self._lock:
                self._send_acks(len(self._due))
        receipt = Receipt(self._open, message.mid) if message.qos else None
        self._receiver.receive(
            topic, bytes(message.payload), is_retained=message.retain, receipt=receipt
        )

    def _on_publish(self, _: object, __: object, mid: int, reason: ReasonCode, ___: object) -> None:
        if reason.is_failure:
            self._counters["refused_publishes"] += 1
            self._refused.add(mid)

    def _on_fault(self) -> None:
        """Paho itself failed: begin again with a new connection."""
        self._guard.note("paho")
        with self._lock:
            self._be_on(NO_CONNECTION)
        self._note_disconnected(f"not understood ({sys.exception()})")
        connect(self._client, self._settings)


def in_flight(settings: MqttSettings) -> int:
    """Messages that the broker lets wait for their acknowledgement."""
    return settings.receive_maximum if is_5(settings) else IN_FLIGHT_3_1_1
