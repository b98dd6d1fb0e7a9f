"""The subscriber against a real mosquitto."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import socket
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from detector.errors import SettingsError
from detector.ingest import client, mqtt
from detector.ingest.buffer import Receipt, SharedBuffer, TakenBlock
from detector.ingest.connection import ConnectionState
from detector.ingest.mqtt import Subscriber
from detector.ingest.refusals import OTHERS, Refusals
from detector.ingest.sources import Sources
from detector.settings.mqtt import MqttSettings
from detector.settings.sources import SourceSettings
from tests.conftest import Broker, answers, free_port, wait_for

T0 = 1_700_000_000.0


def sources(settings: MqttSettings) -> Sources:
    """Those of the short form ``mqtt.topic``."""
    return Sources([SourceSettings(topic=settings.topic)])


class Detector:
    """A subscriber with its buffer and what was taken from it; one topic tree per test."""

    def __init__(self, broker: Broker, name: str, **settings: Any) -> None:
        wanted = {"url": broker.url, "topic": f"{name}/{{device}}", "client_id": name}
        self.settings = MqttSettings(**wanted, topic_out=f"out-{name}", **settings)
        self.buffer = SharedBuffer(10_000, 100)
        self.subscriber = Subscriber(self.settings, sources(self.settings), self.buffer)
        self.blocks: list[TakenBlock] = []
        self.receipts: list[Receipt] = []

    def start(self) -> Detector:
        """Connect, and wait until it is subscribed."""
        self.subscriber.start()
        return self.until(ConnectionState.CONNECTED)

    def until(self, state: ConnectionState) -> Detector:
        """Wait for a state of the connection."""
        wait_for(lambda: self.subscriber.connection.state is state, what=f"{state}")
        return self

    def take(self, *, ack: bool = True) -> int:
        """Take what is there; returns how many messages came in all."""
        taken = self.buffer.take()
        self.blocks += taken.blocks
        self.receipts += taken.receipts
        if ack:
            self.subscriber.ack(taken.receipts)
        return len(self.receipts)

    def count(self, name: str) -> int:
        """One of the subscriber's counters."""
        return self.subscriber.counters()[name]

    @property
    def ts(self) -> list[float]:
        """All sample times taken so far."""
        return [t for block in self.blocks for t in block.samples.ts]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again ten times sooner than in earnest."""
    monkeypatch.setattr(client, "RETRY_S", (0.1, 0.2))


@pytest.fixture
def detector(request: pytest.FixtureRequest) -> Iterator[Callable[..., Detector]]:
    """Make detectors that are stopped after the test."""
    made: list[Detector] = []

    def make(broker: Broker, **settings: Any) -> Detector:
        made.append(Detector(broker, request.node.name.replace("[", "-").strip("]"), **settings))
        return made[-1]

    yield make
    for one in made:
        one.subscriber.stop(0.5)


class Machine:
    """Publishes for the tests and listens to what the detector says."""

    def __init__(self, broker: Broker, listen_to: str | None = None) -> None:
        self.heard: list[tuple[str, Any, bool]] = []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _, __, m: self.heard.append(
            (m.topic, json.loads(m.payload), m.retain)
        )
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        if listen_to is not None:
            self.client.subscribe(listen_to, 1)
            assert subscribed.wait(10)

    def send(self, topic: str, content: Any, *, qos: int = 1, retain: bool = False) -> None:
        """Publish and wait until the broker has it."""
        payload = content if isinstance(content, bytes) else json.dumps(content)
        self.client.publish(topic, payload, qos, retain).wait_for_publish(10)

    def stop(self) -> None:
        """Say goodbye."""
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def machine() -> Iterator[Callable[..., Machine]]:
    """Make machines that are disconnected after the test."""
    made: list[Machine] = []

    def make(broker: Broker, listen_to: str | None = None) -> Machine:
        made.append(Machine(broker, listen_to))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_samples_of_all_forms_arrive(broker, detector, machine, protocol) -> None:
    """A sample, a list, columns and ThingsBoard reach the buffer over either protocol."""
    watching = detector(broker, protocol=protocol).start()
    topic = watching.settings.topic.replace("{device}", "motor-1")
    sender = machine(broker)
    sender.send(topic, {"ts": T0, "a": 0})
    sender.send(topic, [{"ts": T0 + 1, "a": 1}, {"ts": T0 + 2, "a": 2}])
    sender.send(topic, {"ts": [T0 + 3, T0 + 4], "a": [3, 4]})
    sender.send(topic, {"ts": (T0 + 5) * 1000, "values": {"a": 5}}, qos=0)
    wait_for(lambda: watching.count("messages") == 4)
    watching.take()
    (block,) = watching.blocks
    assert (block.device, block.samples.features) == ("motor-1", ("a",))
    np.testing.assert_array_equal(block.samples.ts, T0 + np.arange(6))
    assert len(watching.receipts) == 3  # none is due at QoS 0


def test_nothing_is_lost_while_detector_and_broker_restart(own_broker, detector, machine) -> None:
    """What is published at QoS 1 waits for the stopped detector, over a restart of the broker."""
    first = detector(own_broker).start()
    first.subscriber.stop()
    sender = machine(own_broker)
    topic = first.settings.topic.replace("{device}", "m")
    for i in range(150):
        sender.send(topic, {"ts": T0 + i, "a": i})
    own_broker.stop()
    own_broker.start()
    second = detector(own_broker).start()
    wait_for(lambda: second.take() == 150)
    assert second.ts == [T0 + i for i in range(150)]


def test_reconnects_after_the_broker_restarts(own_broker, detector, machine, caplog) -> None:
    """The connection comes back by itself, and each change is logged once."""
    caplog.set_level(logging.INFO, "detector")
    watching = detector(own_broker).start()
    own_broker.stop()
    watching.until(ConnectionState.DISCONNECTED)
    wait_for(lambda: "cannot be reached" in watching.subscriber.connection.reason)
    own_broker.start()
    watching.until(ConnectionState.CONNECTED)
    machine(own_broker).send(watching.settings.topic.replace("{device}", "m"), {"ts": T0, "a": 1})
    wait_for(lambda: watching.take() == 1)
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]
    assert watching.count("sessions_lost") == 0


def test_starts_before_the_broker(own_broker, detector, caplog) -> None:
    """A broker that is not there yet is told in one line and found later."""
    own_broker.stop()
    watching = detector(own_broker)
    watching.subscriber.start()
    watching.until(ConnectionState.DISCONNECTED)
    line = watching.subscriber.connection.reason
    assert own_broker.url in line
    assert "Connection refused" in line
    own_broker.start()
    watching.until(ConnectionState.CONNECTED)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_only_unacknowledged_messages_come_again(broker, detector, machine, protocol) -> None:
    """A new connection of the same client brings what was not acknowledged, and only that."""
    first = detector(broker, protocol=protocol).start()
    topic = first.settings.topic.replace("{device}", "m")
    sender = machine(broker)
    for i in range(10):
        sender.send(topic, {"ts": T0 + i, "a": i})
    wait_for(lambda: first.take(ack=False) == 10)
    assert first.subscriber.ack(first.receipts[:6]) == 6
    first.subscriber.stop()

    second = detector(broker, protocol=protocol).start()
    sender.send(topic, {"ts": T0 + 10, "a": 10})
    wait_for(lambda: second.take() == 5)
    assert second.ts == [T0 + i for i in range(6, 11)]


def test_receipts_of_an_earlier_connection_are_not_used(own_broker, detector, machine) -> None:
    """After a reconnect old receipts acknowledge nothing; the messages come again."""
    watching = detector(own_broker).start()
    topic = watching.settings.topic.replace("{device}", "m")
    sender = machine(own_broker)
    for i in range(5):
        sender.send(topic, {"ts": T0 + i, "a": i})
    wait_for(lambda: watching.take(ack=False) == 5)
    old = list(watching.receipts)
    own_broker.stop()
    watching.until(ConnectionState.DISCONNECTED)
    assert watching.subscriber.ack(old) == 0
    own_broker.start()
    watching.until(ConnectionState.CONNECTED)
    assert watching.subscriber.ack(old) == 0
    wait_for(lambda: watching.take() == 10)
    assert watching.ts[5:] == watching.ts[:5]
    assert watching.count("stale_receipts") == 10


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_burst_beyond_the_in_flight_limit_arrives_in_order(
    broker, detector, machine, protocol
) -> None:
    """The broker stops at the limit and goes on with each commit; 3.1.1 knows only its own, 20."""
    limit = 30 if protocol == "5" else 20
    watching = detector(broker, protocol=protocol, receive_maximum=30).start()
    topic = watching.settings.topic.replace("{device}", "m")
    sender = machine(broker)
    for i in range(400):
        sender.client.publish(topic, json.dumps({"ts": T0 + i, "a": i}), 1)
    wait_for(lambda: watching.buffer.totals()["waiting_receipts"] == limit)
    while len(watching.receipts) < 400:
        watching.buffer.wait(0.2, watching.subscriber.commit_after)
        watching.take()
    assert watching.ts == [T0 + i for i in range(400)]


def test_bad_messages_are_counted_and_stop_nothing(broker, detector, machine, caplog) -> None:
    """Bad payloads are dropped, counted by device and kind, warned of once and acknowledged."""
    watching = detector(broker, receive_maximum=4).start()
    topic = watching.settings.topic.replace("{device}", "bad-1")
    sender = machine(broker)
    bad = [b"{", b'{"ts": "now", "a": 1}', b'{"a": 1e999}', b"[" * 50_000, b"x" * 1_100_000, b"{"]
    for payload in bad:
        sender.send(topic, payload)
    sender.send(topic, {"ts": T0, "a": 1})
    wait_for(lambda: watching.take() == 7)
    assert watching.ts == [T0]
    assert watching.subscriber.refusals() == {
        "bad-1": {"json": 2, "time": 1, "non-finite": 1, "nesting": 1, "size": 1}
    }
    assert (watching.count("bad_payloads"), watching.count("oversized")) == (6, 1)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("bad-1: dropped a message: payload: ")


def test_topics_without_a_device_are_counted(broker, detector, machine) -> None:
    """An empty device name is a bad topic."""
    watching = detector(broker).start()
    machine(broker).send(watching.settings.topic.replace("{device}", ""), {"a": 1})
    wait_for(lambda: watching.take() == 1)
    assert (watching.count("bad_topics"), watching.blocks) == (1, [])


def test_retained_samples_are_dropped(broker, detector, machine) -> None:
    """What the broker kept from before the subscription is old and counted as retained."""
    watching = detector(broker)
    topic = watching.settings.topic.replace("{device}", "m")
    sender = machine(broker)
    sender.send(topic, {"ts": T0, "a": 1}, retain=True)
    watching.start()
    sender.send(topic, {"ts": T0 + 1, "a": 1}, retain=True)
    wait_for(lambda: watching.take() == 2)
    assert (watching.ts, watching.count("retained")) == ([T0 + 1], 1)


def test_a_fault_of_ours_does_not_end_the_thread(
    broker, detector, machine, monkeypatch, caplog
) -> None:
    """An exception in the handler is logged with its traceback, counted and acknowledged."""
    watching = detector(broker).start()
    topic = watching.settings.topic.replace("{device}", "m")
    append, faults = watching.buffer.append, iter([ZeroDivisionError("ours")])

    def append_or_fail(*arguments: Any) -> None:
        if (fault := next(faults, None)) is not None:
            raise fault
        append(*arguments)

    monkeypatch.setattr(watching.buffer, "append", append_or_fail)
    sender = machine(broker)
    sender.send(topic, {"ts": T0, "a": 1})
    sender.send(topic, {"ts": T0 + 1, "a": 1})
    wait_for(lambda: watching.take() == 2)
    assert (watching.ts, watching.count("faults")) == ([T0 + 1], 1)
    assert "ZeroDivisionError: ours" in caplog.text


def test_a_fault_of_the_library_does_not_end_the_thread(
    broker, detector, machine, monkeypatch, caplog
) -> None:
    """When paho itself fails, it begins again with a new connection and loses nothing."""
    watching = detector(broker).start()
    faults = iter([ZeroDivisionError("theirs")])

    def fail_once() -> int:
        if (fault := next(faults, None)) is not None:
            raise fault
        return paho.Client.loop_misc(watching.subscriber._client)

    monkeypatch.setattr(watching.subscriber._client, "loop_misc", fail_once)
    sender = machine(broker)
    sender.send(watching.settings.topic.replace("{device}", "m"), {"ts": T0, "a": 1})
    wait_for(lambda: watching.count("connections") == 2)
    wait_for(lambda: watching.take() and watching.ts[-1:] == [T0])
    assert watching.count("faults") == 1
    assert "ZeroDivisionError: theirs" in caplog.text
    watching.until(ConnectionState.CONNECTED)


def restart_with(broker: Broker, access: str) -> None:
    """Start a stopped mosquitto with another rule on who may enter."""
    broker.stop()
    broker.start()  # writes the configuration
    broker.stop()
    config = broker.folder / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", access))
    binary = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert binary
    with (broker.folder / "mosquitto.log").open("ab") as log:
        broker.process = subprocess.Popen([binary, "-c", str(config)], stdout=log, stderr=log)
    wait_for(lambda: answers(broker.port))


def hashed(password: str) -> str:
    """A password as mosquitto 2 keeps it: PBKDF2 with SHA-512, 101 rounds."""
    salt = b"twelve bytes"
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${b64encode(salt).decode()}${b64encode(key).decode()}"


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_refusing_broker_is_told_in_one_line(own_broker, detector, caplog, protocol) -> None:
    """Refused credentials are shown without the password, and tried again until they fit."""
    restart_with(own_broker, "allow_anonymous false")
    login = {"username": "ann", "password": "s3cret-word"}
    watching = detector(own_broker, protocol=protocol, **login)
    watching.subscriber.start()
    watching.until(ConnectionState.REFUSED)
    log = own_broker.folder / "mosquitto.log"
    wait_for(lambda: log.read_text().count("not authorised") >= 2, what="a second attempt")
    now = watching.subscriber.connection
    assert now.state is ConnectionState.REFUSED
    assert "ot authori" in now.reason
    assert [record.getMessage() for record in caplog.records] == [now.reason]
    assert "s3cret-word" not in caplog.text
    passwords = own_broker.folder / "passwords"
    passwords.write_text(f"ann:{hashed('s3cret-word')}\n")
    restart_with(own_broker, f"allow_anonymous false\npassword_file {passwords}")
    watching.until(ConnectionState.CONNECTED)


def test_a_refused_subscription_is_shown_and_tried_again(broker, detector, monkeypatch) -> None:
    """A connection that may not read the topic counts as refused until it may."""
    monkeypatch.setattr(mqtt, "RESUBSCRIBE_S", 0.05)
    watching = detector(broker).start()
    seen: list[str] = []
    note = watching.subscriber._log.note
    monkeypatch.setattr(
        watching.subscriber._log, "note", lambda *word: (seen.append(word[0]), note(*word))
    )
    denied = ReasonCode(PacketTypes.SUBACK, "Not authorized")
    watching.subscriber._on_subscribe(None, None, 1, [denied], None)
    wait_for(lambda: seen == [ConnectionState.REFUSED, ConnectionState.CONNECTED])


def test_status_says_online_and_offline(broker, detector, machine) -> None:
    """The retained status follows start, a cut connection (the last will) and stop."""
    watching = detector(broker)
    topic = f"{watching.settings.topic_out}/status"
    listener = machine(broker, listen_to=topic)

    def states() -> list[str]:
        return [content["state"] for _, content, _ in listener.heard]

    watching.start()
    wait_for(lambda: states() == ["online"])
    watching.subscriber._client.socket().shutdown(socket.SHUT_RDWR)
    wait_for(lambda: states() == ["online", "offline", "online"])
    watching.subscriber.stop()
    wait_for(lambda: states() == ["online", "offline", "online", "offline"])
    late = machine(broker, listen_to=topic)
    wait_for(lambda: late.heard == [(topic, {"state": "offline"}, True)])


def test_publishing_tells_when_the_broker_has_it(own_broker, detector, machine) -> None:
    """At QoS 1 a message waits for the connection; at QoS 0 it is lost without one."""
    watching = detector(own_broker).start()
    own_broker.stop()
    watching.until(ConnectionState.DISCONNECTED)
    alarm = watching.subscriber.publish("out/m/alarm", '{"id": 1}', qos=1)
    state = watching.subscriber.publish("out/m/state", '{"id": 2}')
    assert not alarm.wait(0.1)
    own_broker.start()
    listener = machine(own_broker, listen_to="out/m/#")
    assert alarm.wait(10)
    assert not state.is_delivered()
    wait_for(lambda: listener.heard == [("out/m/alarm", {"id": 1}, False)])


def test_warnings_are_few_and_counts_complete(caplog) -> None:
    """One warning per device in ten seconds says how many were not shown; devices are bounded."""
    now = [0.0]
    refusals = Refusals(max_devices=2, clock=lambda: now[0])
    for _ in range(5):
        refusals.add("m1", "json", "line")
    now[0] = 10.0
    refusals.add("m1", "json", "line")
    for name in ("m2", "m3", "m4"):
        refusals.add(name, "type", "line")
    assert [record.getMessage() for record in caplog.records] == [
        "m1: dropped a message: line",
        "m1: dropped a message: line (4 more not shown)",
        "m2: dropped a message: line",
        "m3: dropped a message: line",
    ]
    assert refusals.counts() == {"m1": {"json": 6}, "m2": {"type": 1}, OTHERS: {"type": 2}}


@pytest.mark.parametrize("url", ["mqtt://host:99999", "mqtt://a..b:1883"])
def test_addresses_no_socket_could_use_are_refused(url: str) -> None:
    """A port out of range or an impossible host is refused before connecting."""
    with pytest.raises(SettingsError, match=r"mqtt\.url"):
        Subscriber(MqttSettings(url=url), sources(MqttSettings()), SharedBuffer(10, 1))


def test_commit_after_is_below_what_the_broker_lets_wait() -> None:
    """Half of the limit: its own over 5, mosquitto's 20 over 3.1.1."""

    def after(**settings: Any) -> int:
        port = free_port()
        settings = {"url": f"mqtt://127.0.0.1:{port}", **settings}
        chosen = MqttSettings(**settings)
        return Subscriber(chosen, sources(chosen), SharedBuffer(10, 1)).commit_after

    assert after(receive_maximum=300) == 150
    assert after(receive_maximum=1) == 1
    assert after(protocol="3.1.1") == 10
