"""Listening to a broker for a while, without anybody noticing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from detector.adopting.recording import Heard, Recording
from detector.errors import BrokerError
from detector.ingest.client import connect_once, passing_client
from detector.ingest.topics import TopicTemplate
from detector.settings.mqtt import MqttSettings
from detector.text import inert

ANSWER_S = 10.0  # how long the broker may take to let us in
LOOK_S = 0.2  # between two looks at how far it is


def listen(
    settings: MqttSettings, topic: str, seconds: float, tell: Callable[[float, int], None]
) -> Recording:
    """Record what is published; an interrupt ends it early.

    Args:
        settings: Broker and credentials.
        topic: Filter or template of the topics, for example ``plant/#``.
        seconds: At most so long.
        tell: Called now and then with the seconds that passed and the messages heard.

    Raises:
        BrokerError: If the broker cannot be reached, lets nobody in, or refuses the topic.
        SettingsError: If the topic is no filter, or the broker's address is none.
    """
    recording = Recording(TopicTemplate.compile(topic).filter, f"{settings.topic_out}/")
    listener = _Listener(settings, recording)
    listener.start()
    began = time.monotonic()
    try:
        while (passed := time.monotonic() - began) < seconds:
            tell(passed, recording.n_live)
            listener.failed.wait(min(LOOK_S, seconds - passed))
            listener.refuse_failure()
    except KeyboardInterrupt:
        pass  # what was heard so far is reported
    finally:
        recording.seconds = min(time.monotonic() - began, seconds)
        listener.stop()
    return recording


class _Listener:
    """A connection of its own; its thread adds to a recording."""

    def __init__(self, settings: MqttSettings, recording: Recording) -> None:
        self._settings, self._recording = settings, recording
        self._where = f"broker {settings.url}"
        self._ready = threading.Event()  # subscribed, or failed
        self.failed = threading.Event()
        self._failure = ""
        self._is_over = False
        self._client = client = passing_client(settings)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_fault = self._on_fault

    def start(self) -> None:
        """Connect and subscribe.

        Raises:
            BrokerError: If that fails.
        """
        try:
            connect_once(self._client, self._settings)
        except OSError as error:
            reason = getattr(error, "strerror", None) or error
            line = f"cannot be reached ({reason}), allowed: an MQTT broker at mqtt.url"
            raise BrokerError(f"{self._where}: {line}") from None
        self._client.loop_start()
        is_answered = self._ready.wait(ANSWER_S)
        if not is_answered:
            self._fail(f"no answer in {ANSWER_S:g} s, allowed: an MQTT broker at mqtt.url")
        try:
            self.refuse_failure()
        except BrokerError:
            self.stop()
            raise

    def refuse_failure(self) -> None:
        """Raise what went wrong in the other thread."""
        if self.failed.is_set():
            raise BrokerError(f"{self._where}: {self._failure}")

    def stop(self) -> None:
        """Leave; the broker keeps nothing of us."""
        self._is_over = True
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:  # noqa: ANN401
        if reason.is_failure:
            allowed = "mqtt.username and mqtt.password that it knows, mqtt.protocol that it speaks"
            self._fail(f"refused this client ({reason}), allowed: {allowed}")
            return
        self._client.subscribe(self._recording.filter, 0)  # again after a lost connection

    def _on_subscribe(self, _: Any, __: Any, ___: Any, reasons: Any, ____: Any) -> None:  # noqa: ANN401
        if reasons[0].is_failure:
            topic = inert(self._recording.filter)
            allowed = "topics that this user may read"
            self._fail(f"refused the subscription to {topic} ({reasons[0]}), allowed: {allowed}")
        self._ready.set()

    def _on_disconnect(self, *_: Any) -> None:  # noqa: ANN401
        self._recording.n_lost += not self._is_over

    def _on_message(self, _: Any, __: Any, message: Any) -> None:  # noqa: ANN401
        arrival = time.time()
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        heard = Heard(topic, bytes(message.payload), arrival)
        self._recording.add(heard, is_retained=message.retain)

    def _on_fault(self) -> None:
        self._fail(f"not understood ({sys.exception()}), allowed: an MQTT broker at mqtt.url")
        self._client.disconnect()

    def _fail(self, line: str) -> None:
        self._failure = self._failure or line
        self.failed.set()
        self._ready.set()
