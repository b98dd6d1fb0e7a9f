"""What arrives through a real mosquitto, and what comes again."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from detector.ingest.buffer import SharedBuffer
from detector.ingest.connection import ConnectionState
from detector.ingest.mqtt import Subscriber
from detector.settings.mqtt import MqttSettings
from tests.conftest import free_port, wait_for
from tests.support.ingest.subscribing import T0, sources


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


def test_what_is_acknowledged_goes_out_with_the_next_message(broker, detector, machine) -> None:
    """One acknowledgement lets the broker send on, and what it sends takes the others along."""
    watching = detector(broker, receive_maximum=5).start()
    topic = watching.settings.topic.replace("{device}", "m")
    sender = machine(broker)
    for i in range(60):
        sender.client.publish(topic, json.dumps({"ts": T0 + i, "a": i}), 1)
    wait_for(lambda: watching.take(ack=False) == 5)
    assert watching.subscriber.ack(watching.receipts) == 5
    # Mosquitto answers one acknowledgement with up to the limit; what is more answers the others.
    wait_for(lambda: watching.buffer.totals()["waiting_receipts"] > 5)


def test_what_is_acknowledged_waits_for_no_message_that_never_comes(
    own_broker, detector, machine
) -> None:
    """The next call sends the rest: a restarted broker has nothing left to send again."""
    watching = detector(own_broker).start()
    topic = watching.settings.topic.replace("{device}", "m")
    sender = machine(own_broker)
    for i in range(5):
        sender.send(topic, {"ts": T0 + i, "a": i})
    wait_for(lambda: watching.take(ack=False) == 5)
    assert watching.subscriber.ack(watching.receipts) == 5
    assert watching.subscriber.ack(()) == 0
    assert watching.subscriber.publish("a/word/after", b"", qos=1).wait(5.0)
    own_broker.stop()
    watching.until(ConnectionState.DISCONNECTED)
    own_broker.start()
    watching.until(ConnectionState.CONNECTED)
    machine(own_broker).send(topic, {"ts": T0 + 5, "a": 5})
    wait_for(lambda: watching.take() == 6)
    assert watching.ts == [T0 + i for i in range(6)]


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
