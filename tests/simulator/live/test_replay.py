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

from simulator.demo.broker import accepts, find_mosquitto
from simulator.errors import SimulatorError
from simulator.live.publisher import Address, Publisher
from simulator.live.replay import Pace, Session, load, replay
from simulator.live.requests import LiveRequests
from simulator.recordings.recorded_faults import FaultRequest, inject_into_file
from tests.conftest import free_port, wait_for

DEADLINE_S = 10.0
DEVICE = "replayed"
TRUTH = f"simulator/{DEVICE}/truth"
FAULT = f"simulator/{DEVICE}/fault"


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

    def __init__(self, url, topic=f"sensors/{DEVICE}"):
        self.messages, self._ready = [], threading.Event()
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=uuid.uuid4().hex, clean_session=False
        )
        self._client.on_message = lambda _c, _u, m: self.messages.append(
            (time.time(), m.topic, json.loads(m.payload))
        )
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self._client.connect("127.0.0.1", Address.parse(url).port)
        self._client.loop_start()
        assert self._ready.wait(DEADLINE_S)

    def column(self, name):
        """All received values of a column, in order."""
        return [value for _, _, payload in self.messages for value in payload[name]]

    def events(self):
        """All received messages without times of arrival and topics."""
        return [payload for _, _, payload in self.messages]

    def publish(self, topic, payload, **more):
        """Publish and wait until the broker has it."""
        self._client.publish(topic, payload, qos=1, **more).wait_for_publish(DEADLINE_S)

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


@pytest.fixture
def truth_listener(broker):
    """A listener to the ground truth of the replayed device."""
    listening = Listener(broker.url, TRUTH)
    yield listening
    listening.close()


def session(n=1000, name="run"):
    """``n`` samples, 100 a second but for a hole of 0.5 s in the middle."""
    ts = 50.0 + np.arange(n) / 100.0
    ts[n // 2 :] += 0.5
    return Session(name, ts, {"acc_x": np.arange(n, dtype=float)})


def send(broker, sessions, requests=None, **pace):
    """Replay and wait for the broker to have everything."""
    with Publisher(broker.url, qos=pace.pop("qos", 1)) as publisher:
        stop = threading.Event()
        told = []
        speed = Pace(**pace)
        replay(
            sessions,
            publisher,
            device=DEVICE,
            pace=speed,
            stop=stop,
            advance=told.append,
            requests=requests,
        )
    return sum(told)


def recorded(folder, *faults, n=1000):
    """A file of white noise, 100 samples a second, with faults in it."""
    path = folder / "rec.csv"
    noise = np.random.default_rng(1).normal(0.0, 2.0, (n, 2))
    rows = [f"{50 + i / 100:.2f},{x:.6f},{y:.6f}" for i, (x, y) in enumerate(noise)]
    path.write_text("\n".join(["ts,acc_x,acc_y", *rows]) + "\n")
    for fault in faults:
        inject_into_file(path, path, fault)
    return path


def loaded(folder, *faults):
    """The same, ready to be sent."""
    return load(recorded(folder, *faults), features=None, limit_rows=None)


def ask(**request):
    """Requests with one waiting."""
    requests = LiveRequests()
    requests.receive(json.dumps(request).encode())
    return requests


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


def test_truth_is_told_with_its_batch(broker, truth_listener, listener, tmp_path):
    """Start, full and end of a recorded fault are told on the device's clock, with what it is."""
    fault = FaultRequest("bias", 2.5, 3.0, severity=0.5, feature="acc_y", ramp_s=1.0)
    send(broker, [loaded(tmp_path, fault)], speed=100.0)
    wait_for(lambda: len(truth_listener.messages) == 3 and len(listener.messages) == 20)
    told = truth_listener.events()
    assert [one["event"] for one in told] == ["start", "full", "end"]
    begin = listener.column("ts")[0]
    assert [one["ts"] - begin for one in told] == pytest.approx([2.5, 3.5, 5.5], abs=1e-5)
    known = {"family": "bias", "axis": "acc_y", "severity": 0.5, "seed": 7, "session": "rec-1"}
    assert all(known.items() <= one.items() for one in told)


def test_truth_goes_out_with_the_sample(broker, tmp_path):
    """The truth comes right after the batch with the first faulty sample, before the next one."""
    everything = Listener(broker.url, f"+/{DEVICE}/#")
    send(broker, [loaded(tmp_path, FaultRequest("bias", 2.5, 3.0))], speed=100.0, batch=100)
    wait_for(lambda: len(everything.messages) == 13)
    everything.close()
    order = [payload.get("event", "samples") for payload in everything.events()]
    assert order[2:7] == ["samples", "start", "full", "samples", "samples"]
    assert order.index("end") == 8


def test_every_loop_tells_its_truth(broker, truth_listener, tmp_path):
    """A replay without end tells the faults of each round with the round's session."""
    rounds, stop = loaded(tmp_path, FaultRequest("bias", 2.0, 3.0)), threading.Event()

    def stop_in_third_round(_):
        if any(one["session"] == "rec-3" for one in truth_listener.events()):
            stop.set()

    with Publisher(broker.url) as publisher:
        pace = Pace(speed=100.0, loop=True)
        replay(
            [rounds], publisher, device=DEVICE, pace=pace, stop=stop, advance=stop_in_third_round
        )
    starts = [one for one in truth_listener.events() if one["event"] == "start"]
    assert [one["session"] for one in starts[:3]] == ["rec-1", "rec-2", "rec-3"]


def test_broken_off_replay_ends_its_fault(broker, truth_listener, tmp_path):
    """A replay stopped within a fault tells its end, so that no listener waits for it."""
    rounds, stop = loaded(tmp_path, FaultRequest("bias", 2.0, 7.0)), threading.Event()
    sent = []

    def stop_within_the_fault(count):
        sent.append(count)
        if sum(sent) >= 400:
            stop.set()

    with Publisher(broker.url) as publisher:
        pace = Pace(speed=100.0)
        replay(
            [rounds], publisher, device=DEVICE, pace=pace, stop=stop, advance=stop_within_the_fault
        )
    wait_for(lambda: len(truth_listener.messages) == 3)
    start, _, end = truth_listener.events()
    assert end["event"] == "end"
    assert end["ts"] - start["ts"] == pytest.approx(2.0, abs=1e-5)


def test_label_alone_is_truth_of_an_unknown_family(broker, truth_listener, tmp_path):
    """Without a document the label tells; a fault up to the last sample ends with the session."""
    path = tmp_path / "a.csv"
    path.write_text("ts;a;anomaly\n" + "".join(f"{i};{i};{int(i > 6)}.0\n" for i in range(10)))
    send(broker, [load(path, features=None, limit_rows=None)], speed=100.0, batch=4)
    wait_for(lambda: len(truth_listener.messages) == 3)
    start, _, end = truth_listener.events()
    assert (start["family"], start["axis"], start["severity"]) == ("unknown", "all", None)
    assert end["ts"] - start["ts"] == pytest.approx(3.0, abs=1e-5)


def test_faulty_clock_does_not_stop_the_replay(broker, truth_listener, listener, tmp_path):
    """A recording whose clock is an hour off for a while is sent at its true pace."""
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        faulty = loaded(folder, FaultRequest("clock", 2.0, 3.0, seed=seed))
        if np.ptp(faulty.ts) > 3000:
            break
    send(broker, [faulty], speed=100.0)
    wait_for(lambda: len(truth_listener.messages) == 3 and len(listener.messages) == 20)
    sent = np.array(listener.column("ts"))
    assert sent[200:500] - sent[0] == pytest.approx(3600 + np.arange(200, 500) / 100, abs=1e-5)
    assert faulty.due == pytest.approx(np.arange(1000) / 100.0, abs=1e-5)
    told = [one["ts"] - sent[0] for one in truth_listener.events()]
    assert told == pytest.approx([2.0, 2.0, 5.0], abs=1e-5)


def test_fault_is_injected_while_running(broker, listener, truth_listener, tmp_path):
    """A request changes its feature from the next batch on for its seconds, and is told."""
    clean = loaded(tmp_path)
    requests = ask(family="bias", severity=0.5, seconds=3, feature="acc_y")
    send(broker, [clean], requests, speed=100.0)
    wait_for(lambda: len(truth_listener.messages) == 3 and len(listener.messages) == 20)
    sigma = clean.columns["acc_y"].std()
    added = np.array(listener.column("acc_y")) - clean.columns["acc_y"]
    assert added[:300] == pytest.approx(np.full(300, 2.5 * sigma))
    assert not added[300:].any()
    assert listener.column("acc_x") == clean.columns["acc_x"].tolist()
    told = truth_listener.events()
    assert [one["event"] for one in told] == ["start", "full", "end"]
    assert (told[0]["axis"], told[0]["seed"]) == ("acc_y", 1)
    assert told[2]["ts"] - told[0]["ts"] == pytest.approx(3.0, abs=1e-5)


def test_live_sigma_is_that_of_healthy_samples(broker, listener, tmp_path):
    """Labelled samples do not make the live fault larger."""
    faulty = loaded(tmp_path, FaultRequest("bias", 5.0, 4.0, feature="acc_y"))
    healthy = np.concatenate([faulty.columns["acc_y"][:500], faulty.columns["acc_y"][900:]])
    send(broker, [faulty], ask(family="bias", severity=1, seconds=2, feature="acc_y"), speed=100.0)
    wait_for(lambda: len(listener.messages) == 20)
    added = np.array(listener.column("acc_y")) - faulty.columns["acc_y"]
    assert added[:200] == pytest.approx(np.full(200, 5 * healthy.std()))


def test_live_fault_ends_with_its_session(broker, listener, truth_listener, tmp_path):
    """A fault longer than the rest of a session does not cross into the next one."""
    clean = loaded(tmp_path)
    send(broker, [clean, clean], ask(family="bias", severity=1, seconds=99), speed=100.0)
    wait_for(lambda: len(truth_listener.messages) == 3 and len(listener.messages) == 40)
    start, _, end = truth_listener.events()
    assert end["session"] == "rec-1"
    assert end["ts"] - start["ts"] == pytest.approx(10.0, abs=1e-5)
    assert listener.column("acc_x")[1000:] == clean.columns["acc_x"].tolist()
    assert listener.column("acc_y")[1000:] == clean.columns["acc_y"].tolist()


def test_live_clock_fault_changes_the_times(broker, listener, truth_listener, tmp_path):
    """A live fault of the clock changes what is sent as time, and the truth keeps the true one."""
    send(broker, [loaded(tmp_path)], ask(family="clock", severity=1, seconds=3), speed=100.0)
    wait_for(lambda: len(truth_listener.messages) == 3 and len(listener.messages) == 20)
    sent = np.array(listener.column("ts"))
    true = sent[-1] - 9.99 + np.arange(1000) / 100.0
    assert np.abs(sent - true)[:300].max() > 1e-4
    assert sent[300:] == pytest.approx(true[300:], abs=1e-5)
    assert truth_listener.events()[0]["ts"] == pytest.approx(true[0], abs=1e-5)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff", "no fault request"),
        (b"[" * 4000, "no fault request"),
        (b" " * 5000, "5000 bytes; allowed: 4096"),
        (b'{"family":"bias","seconds":3}', "missing required field `severity`"),
        (b'{"family":"rust","severity":1,"seconds":3}', "unknown fault 'rust'; allowed: spike"),
        (b'{"family":"bias","severity":2,"seconds":3}', "severity 2; allowed: 0 to 1"),
        (b'{"family":"bias","severity":1,"seconds":-3}', "allowed: a length above 0"),
        (b'{"family":"bias","severity":1,"seconds":1e999}', "no fault request"),
        (b'{"family":"bias","severity":1,"seconds":3,"ramp":4}', "ramp of 4 s; allowed: 0 to"),
        (b'{"family":"bias","severity":1,"seconds":3,"seed":-4}', "`$.seed`"),
        (b'{"family":"bias","severity":1,"seconds":3,"feature":"b"}', "allowed: acc_x, acc_y"),
        (b'{"family":"bias","severity":1,"seconds":9}', "overlaps stuck on acc_x"),
    ],
)
def test_bad_request_is_refused_and_stops_nothing(
    broker, listener, truth_listener, tmp_path, caplog, payload, reason
):
    """A request that cannot be met is told and logged in one line, counted, and changes nothing."""
    faulty = loaded(tmp_path, FaultRequest("stuck", 5.0, 3.0, feature="acc_x"))
    requests = LiveRequests()
    requests.receive(payload)
    assert send(broker, [faulty], requests, speed=100.0) == 1000
    wait_for(lambda: len(truth_listener.messages) == 4 and len(listener.messages) == 20)
    refused = truth_listener.events()[0]
    assert refused["event"] == "refused"
    assert reason in refused["reason"]
    assert requests.refused == 1
    assert [record.getMessage().count("\n") for record in caplog.records] == [0]
    assert listener.column("acc_y") == faulty.columns["acc_y"].tolist()


def test_command_obeys_requests_after_a_reconnect(own_broker, tmp_path):
    """The command takes a request from the broker, and still does when the broker was away."""
    path = recorded(tmp_path, n=2000)
    told = Listener(own_broker.url, TRUTH)
    samples = Listener(own_broker.url)
    command = [sys.executable, "-m", "simulator", "replay", str(path), "--device", DEVICE, "--loop"]
    command += ["--mqtt", own_broker.url, "--speed", "20", "--batch", "10"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    fault = '{"family": "noise", "severity": 1, "seconds": 2}'
    wait_for(lambda: samples.messages)
    told.publish(FAULT, fault)
    wait_for(lambda: [one["event"] for one in told.events()] == ["start", "full", "end"])
    own_broker.stop()
    own_broker.start()
    before = len(samples.messages)
    wait_for(lambda: len(samples.messages) > before)
    told.publish(FAULT, fault)
    wait_for(lambda: [one["event"] for one in told.events()][3:6] == ["start", "full", "end"])
    told.publish(FAULT, "rust")
    wait_for(lambda: told.events()[-1]["event"] == "refused")
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=DEADLINE_S)[1].decode()
    assert error.count("refused") == 2
    assert f"{DEVICE}: 1 fault requests refused" in error
    told.close()
    samples.close()


def test_retained_request_is_not_obeyed(broker):
    """A retained message would come with each reconnect, so it is left out."""
    topic, heard, sender = "simulator/kept/fault", [], Listener(broker.url)
    sender.publish(topic, "old", retain=True)
    with Publisher(broker.url) as publisher:
        publisher.subscribe(topic, heard.append)

        def heard_a_new_one():
            sender.publish(topic, "new")
            return heard

        wait_for(heard_a_new_one)
    sender.close()
    assert set(heard) == {b"new"}


def test_failing_receiver_stops_nothing(broker, caplog):
    """What a receiver raises is logged, and the connection goes on."""
    topic, heard, sender = "simulator/failing/fault", [], Listener(broker.url)

    def fail_once(payload):
        heard.append(payload)
        if len(heard) == 1:
            raise ZeroDivisionError

    with Publisher(broker.url) as publisher:
        publisher.subscribe(topic, fail_once)

        def heard_another():
            sender.publish(topic, "x")
            return len(heard) > 1

        wait_for(heard_another)
        publisher.publish(DEVICE, {"ts": np.array([1.0])})
        publisher.flush(DEADLINE_S)
    sender.close()
    assert "message not taken" in caplog.text


def test_too_many_requests_are_dropped():
    """Requests that wait for a batch are bounded; one too many is refused."""
    requests = LiveRequests()
    for _ in range(100):
        requests.receive(b"{}")
    with pytest.raises(SimulatorError, match="100 fault requests wait already"):
        requests.receive(b"{}")


def test_truth_is_not_lost_with_samples_at_qos_0(own_broker):
    """When a connection dies, samples at QoS 0 are lost and the truth is sent again."""
    with Publisher(own_broker.url, qos=0) as publisher:
        own_broker.process.send_signal(signal.SIGSTOP)  # connected, and taking nothing
        publisher.tell(TRUTH, {"event": "start"})
        own_broker.process.kill()
        own_broker.stop()
        with pytest.raises(SimulatorError, match="1 messages not acknowledged"):
            publisher.flush(0.5)
        own_broker.start()
        publisher.flush(DEADLINE_S)
    assert publisher.lost == 0


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
