"""The publisher and a broker that is away, refuses or says nothing."""

import os
import socket
import subprocess

import numpy as np
import pytest

from simulator.demo.broker import accepts, find_mosquitto
from simulator.errors import SimulatorError
from simulator.live.publisher import Address, Publisher
from tests.conftest import free_port, wait_for
from tests.support.simulator.replaying import DEVICE, Listener


@pytest.fixture
def locked_port(tmp_path):
    """The port of a mosquitto that knows nobody."""
    number = free_port()
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    config = tmp_path / "mosquitto.conf"
    user = "user root\n" if os.geteuid() == 0 else ""
    config.write_text(
        f"listener {number} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n{user}"
    )
    process = subprocess.Popen(
        [find_mosquitto(), "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(lambda: accepts(number), what="mosquitto listens")
    yield number
    process.kill()
    process.wait()


def test_missing_values_are_null(broker, listener):
    """A missing value travels as null, not as the word NaN that JSON does not know."""
    with Publisher(broker.url) as publisher:
        publisher.publish(DEVICE, {"ts": np.array([1.0]), "acc_x": np.array([np.nan])})
    wait_for(lambda: listener.messages)
    _, topic, payload = listener.messages[0]
    assert (topic, payload) == (f"sensors/{DEVICE}", {"ts": [1.0], "acc_x": [None]})


def test_broker_restart_loses_nothing_at_qos_1(own_broker):
    """Messages published while the broker is away are delivered when it is back."""
    listening = Listener(own_broker.url)
    with Publisher(own_broker.url) as publisher:
        own_broker.stop()
        for i in range(30):
            publisher.publish(DEVICE, {"ts": np.array([float(i)])})
        own_broker.start()
    wait_for(lambda: set(listening.column("ts")) == set(range(30)))
    listening.close()


def test_dead_connection_is_counted_at_qos_0(own_broker):
    """At QoS 0 what a dead connection drops is counted, and nobody waits for it."""
    with Publisher(own_broker.url, qos=0) as publisher:
        own_broker.stop()

        def publish_until_lost():
            publisher.publish(DEVICE, {"ts": np.array([0.0])})
            return publisher.lost > 0

        wait_for(publish_until_lost)


def test_vanished_broker_is_told(own_broker):
    """A broker that takes nothing any more is told in one line with its address."""
    with Publisher(own_broker.url) as publisher:
        own_broker.stop()
        publisher.publish(DEVICE, {"ts": np.array([0.0])})
        with pytest.raises(SimulatorError, match=r"^mqtt://127.0.0.1:\d+: 1 messages not ack"):
            publisher.flush(0.2)
        own_broker.start()


def test_refused_connection_is_one_line():
    """Where nobody listens the address and the reason are told."""
    with (
        pytest.raises(SimulatorError, match=r"^mqtt://127.0.0.1:\d+: connection refused"),
        Publisher(f"mqtt://127.0.0.1:{free_port()}"),
    ):
        pass


def test_wrong_password_is_told_without_it(locked_port):
    """A broker that wants other credentials is told, and the password is not."""
    with (
        pytest.raises(SimulatorError, match="not authorized") as refused,
        Publisher(f"mqtt://anna:secret@127.0.0.1:{locked_port}"),
    ):
        pass
    assert "secret" not in str(refused.value)


def test_silent_server_is_told(monkeypatch):
    """A server that accepts and then says nothing is given up on."""
    monkeypatch.setattr("simulator.live.publisher.CONNECT_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mqtt://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SimulatorError, match="no MQTT answer within"), Publisher(url):
            pass


@pytest.mark.parametrize(
    "url", ["http://a", "localhost:1883", "mqtt://", "mqtt://a:port", "mqtt://u:secret@:1"]
)
def test_bad_url_is_refused(url):
    """A URL of another form is refused with the right form, its password kept."""
    with pytest.raises(SimulatorError, match="allowed: mqtt://host:1883") as refused:
        Address.parse(url)
    assert "secret" not in str(refused.value)


def test_address_hides_the_password():
    """Neither the text nor the representation of an address shows the password."""
    address = Address.parse("mqtt://anna:s%40cret@host")
    assert (address.user, address.password, address.port) == ("anna", "s@cret", 1883)
    assert "cret" not in f"{address} {address!r}"
