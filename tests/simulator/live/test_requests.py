"""Faults that are asked for while a replay runs."""

import signal
import time

import numpy as np
import pytest

from simulator.errors import SimulatorError
from simulator.live.publisher import Publisher
from simulator.live.requests import LiveRequests
from simulator.recordings.recorded_faults import FaultRequest
from tests.conftest import wait_for
from tests.support.processes.programs import Program
from tests.support.simulator.replaying import (
    DEADLINE_S,
    DEVICE,
    FAULT,
    TRUTH,
    Listener,
    ask,
    loaded,
    recorded,
    send,
)


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
    words = ["simulator", "replay", path, "--device", DEVICE, "--loop", "--mqtt", own_broker.url]
    errors = tmp_path / "errors"
    process = Program(
        *words, "--speed", "20", "--batch", "10", output=tmp_path / "output", errors=errors
    )
    fault = '{"family": "noise", "severity": 1, "seconds": 2}'
    wait_for(lambda: samples.messages)
    told.publish(FAULT, fault)
    wait_for(lambda: [one["event"] for one in told.events()] == ["start", "full", "end"])
    own_broker.stop()
    own_broker.start()
    before = len(samples.messages)
    wait_for(lambda: len(samples.messages) > before)
    wait_for(lambda: asked(told, fault) > 3, what="it has subscribed again and heard")
    wait_for(lambda: [one["event"] for one in told.events()][3:6] == ["start", "full", "end"])
    told.publish(FAULT, "rust")
    wait_for(lambda: "refused" in [one["event"] for one in told.events()])
    process.send_signal(signal.SIGINT)
    process.wait(DEADLINE_S)
    error = errors.read_text()
    assert error.count("refused") == 2
    assert f"{DEVICE}: 1 fault requests refused" in error
    told.close()
    samples.close()


def asked(told, fault):
    """Ask for a fault, which nobody may hear yet; returns how many events were told."""
    told.publish(FAULT, fault)
    time.sleep(1)
    return len(told.events())


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
