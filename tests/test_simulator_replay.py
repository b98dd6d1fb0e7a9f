"""Replay through a real broker."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid

import numpy as np
import paho.mqtt.client as paho
import pytest
from conftest import free_port, wait_for

from simulator.broker import accepts, find_mosquitto
from simulator.errors import SimulatorError
from simulator.publisher import Address, Publisher
from simulator.replay import Pace, Session, replay

DEADLINE_S = 10.0
DEVICE = "replayed"


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


class Listener:
    """Collects every message of the replayed device, across restarts of the broker too."""

    def __init__(self, url):
        self.messages, self._ready = [], threading.Event()
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=uuid.uuid4().hex, clean_session=False
        )
        self._client.on_message = lambda _c, _u, m: self.messages.append(
            (time.time(), m.topic, json.loads(m.payload))
        )
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_connect = lambda client, *_: client.subscribe(f"sensors/{DEVICE}", 1)
        self._client.connect("127.0.0.1", Address.parse(url).port)
        self._client.loop_start()
        assert self._ready.wait(DEADLINE_S)

    def column(self, name):
        """All received values of a column, in order."""
        return [value for _, _, payload in self.messages for value in payload[name]]

    def close(self):
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listener(broker):
    """A listener that was subscribed before anything is sent."""
    listening = Listener(broker.url)
    yield listening
    listening.close()


def session(n=1000, name="run"):
    """``n`` samples, 100 a second but for a hole of 0.5 s in the middle."""
    ts = 50.0 + np.arange(n) / 100.0
    ts[n // 2 :] += 0.5
    return Session(name, ts, {"acc_x": np.arange(n, dtype=float)})


def send(broker, sessions, **pace):
    """Replay and wait for the broker to have everything."""
    with Publisher(broker.url, qos=pace.pop("qos", 1)) as publisher:
        stop = threading.Event()
        told = []
        speed = Pace(**pace)
        replay(sessions, publisher, device=DEVICE, pace=speed, stop=stop, advance=told.append)
    return sum(told)


@pytest.mark.parametrize("qos", [0, 1])
def test_every_sample_arrives_with_its_spacing(broker, listener, qos):
    """Each sample arrives once, in order, rebased to now with the recorded spacing."""
    begin = time.time()
    sent = send(broker, [session()], speed=20.0, batch=70, qos=qos)
    wait_for(lambda: len(listener.column("ts")) >= 1000)
    ts = np.array(listener.column("ts"))
    assert sent == len(ts) == 1000
    assert listener.column("acc_x") == list(range(1000))
    assert ts[0] == pytest.approx(begin, abs=1.0)
    assert np.diff(ts) == pytest.approx(np.diff(session().ts), abs=2e-6)


def test_pace_is_the_recorded_one(broker, listener):
    """At speed 20 a recording of 10.49 s takes a twentieth of it, without drift."""
    send(broker, [session()], speed=20.0, batch=50)
    wait_for(lambda: len(listener.messages) == 20)
    arrivals = np.array([arrival for arrival, _, _ in listener.messages])
    due = session().ts[49::50] / 20.0
    assert arrivals - arrivals[0] == pytest.approx(due - due[0], abs=0.1)


def test_each_file_is_a_session_of_its_own(broker, listener):
    """A second file has its own session name and begins after the first one's end."""
    send(broker, [session(100, "a"), session(100, "b")], speed=100.0)
    wait_for(lambda: len(listener.messages) == 4)
    assert [payload["session"] for _, _, payload in listener.messages] == ["a-1"] * 2 + ["b-1"] * 2
    assert np.diff(listener.column("ts")).min() > 0


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


def test_labels_are_not_sent(broker, listener, tmp_path):
    """The command sends features and the running signal, and no label."""
    path = tmp_path / "a.csv"
    path.write_text("# seed 1\ntime;acc_x;acc_y;rpm;label\n" + "0;1;2;600;1\n0.01;1;2;600;0\n")
    command = [sys.executable, "-m", "simulator", "replay", str(path), "--device", DEVICE]
    command += ["--mqtt", broker.url, "--features", "acc_x", "--limit-rows", "1"]
    subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE_S)
    wait_for(lambda: listener.messages)
    payload = listener.messages[0][2]
    assert set(payload) == {"ts", "acc_x", "rpm", "session"}
    assert payload["session"] == "a-1"


def test_interrupt_ends_quietly(broker, listener, tmp_path):
    """Ctrl-C ends an endless replay with exit code 130 and not a word on stderr."""
    path = tmp_path / "a.csv"
    path.write_text("ts,acc_x\n" + "".join(f"{i / 100},{i}\n" for i in range(100)))
    command = [sys.executable, "-m", "simulator", "replay", str(path), "--device", DEVICE, "--loop"]
    command += ["--mqtt", broker.url, "--speed", "20", "--batch", "10"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    wait_for(lambda: any(p["session"] == "a-2" for _, _, p in listener.messages))
    process.send_signal(signal.SIGINT)
    assert (process.communicate(timeout=DEADLINE_S)[1], process.returncode) == (b"", 130)


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
    monkeypatch.setattr("simulator.publisher.CONNECT_TIMEOUT_S", 0.3)
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
