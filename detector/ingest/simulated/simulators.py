"""Simulators heard: which machines are simulated, what faults they have, and asking for one.

A connection of its own, of which no session is kept: samples and their acknowledgements go on
whatever is said here.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.reasoncodes import ReasonCode

from detector.ingest.client import connect, passing_client
from detector.ingest.guard import Guard
from detector.settings.mqtt import MqttSettings
from detector.simulated_records import FaultEvent, Simulated
from detector.text import inert

logger = logging.getLogger(__name__)

HERE, TRUTH, FAULT = "simulator/{}/here", "simulator/{}/truth", "simulator/{}/fault"
MOST_DEVICES, MOST_EVENTS, MOST_NAMES = 200, 20, 64
LONGEST_BYTES, LONGEST_TEXT = 4096, 300
GONE_S = 20.0  # silent for so long


class _Here(msgspec.Struct, frozen=True):
    """That a machine takes faults."""

    families: tuple[str, ...]
    features: tuple[str, ...]


class _Truth(msgspec.Struct, frozen=True):
    """What happens to it."""

    event: str
    ts: float = 0.0
    family: str = ""
    axis: str = ""
    severity: float = 0.0
    reason: str = ""


class Simulators:
    """Hears simulators; any thread may ask.

    Args:
        settings: Broker and credentials.
        guard: Catches what fails in the network thread.

    Raises:
        SettingsError: If the broker's address or a file of the credentials cannot be used.
    """

    def __init__(self, settings: MqttSettings, guard: Guard) -> None:
        self._settings, self._lock = settings, threading.Lock()
        self._found: dict[str, Simulated] = {}
        self._client = passing_client(settings, f"{settings.client_id}-simulators")
        self._client.on_fault = lambda: guard.note("paho")
        self._client.on_connect = guard.over(self._on_connect)
        self._client.on_message = guard.over(self._on_message)

    def start(self) -> None:
        """Begin to connect, and go on for as long as it takes."""
        connect(self._client, self._settings, is_durable=False)
        self._client.loop_start()

    def stop(self) -> None:
        """End the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def here(self, now: float | None = None) -> list[Simulated]:
        """Those that said lately that they are there."""
        since = (time.time() if now is None else now) - GONE_S
        with self._lock:
            return [one for one in self._found.values() if one.heard_at > since]

    def ask(self, device: str, request: dict[str, object]) -> bool:
        """Ask for a fault; returns whether such a machine is there to hear it."""
        if device not in {one.device for one in self.here()}:
            return False
        self._client.publish(FAULT.format(device), msgspec.json.encode(request), 1)
        return True

    def receive(self, topic: str, payload: bytes, now: float) -> None:
        """Take one message in; what is none of theirs is left out."""
        parts = topic.split("/")
        if len(parts) != 3 or len(payload) > LONGEST_BYTES:
            return
        device, kind = parts[1], parts[2]
        try:
            if kind == "here":
                self._note_here(device, msgspec.json.decode(payload, type=_Here), now)
            elif kind == "truth":
                self._note_truth(device, msgspec.json.decode(payload, type=_Truth), now)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            logger.debug("%s: not a simulator's (%s)", inert(topic), error)

    def _note_here(self, device: str, told: _Here, now: float) -> None:
        with self._lock:
            known = self._found.get(device)
            if known is None and len(self._found) >= MOST_DEVICES:
                return
            events = () if known is None else known.events
            self._found[device] = Simulated(
                device, now, told.families[:MOST_NAMES], told.features[:MOST_NAMES], events
            )

    def _note_truth(self, device: str, told: _Truth, now: float) -> None:
        with self._lock:
            known = self._found.get(device)
            if known is None:
                return
            event = FaultEvent(
                told.event, now, told.ts, told.family, told.axis, told.severity,
                told.reason[:LONGEST_TEXT],
            )  # fmt: skip
            self._found[device] = replace(known, events=(*known.events, event)[-MOST_EVENTS:])

    def _on_connect(
        self, _: object, __: object, ___: object, reason: ReasonCode, ____: object
    ) -> None:
        if not reason.is_failure:
            self._client.subscribe([(HERE.format("+"), 1), (TRUTH.format("+"), 1)])

    def _on_message(self, _: object, __: object, message: paho.MQTTMessage) -> None:
        if not message.retain:
            self.receive(message.topic, bytes(message.payload), time.time())
