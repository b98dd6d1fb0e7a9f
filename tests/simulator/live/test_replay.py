"""Replay through a real broker: what arrives, how fast and how it ends."""

import json
import signal
import threading
import time

import numpy as np
import pytest

from simulator.cli import commands
from simulator.live.replay_run import is_even
from simulator.live.replay_session import Session
from tests.conftest import wait_for
from tests.support.ingest.decoding import read
from tests.support.processes.programs import Program, answer
from tests.support.simulator.replaying import DEADLINE_S, DEVICE, send, session


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


def test_the_clock_does_not_run_ahead_with_each_session(broker, listener):
    """What a device sends all day, over and over, is never of a time to come."""
    send(broker, [session(20, name) for name in "abc"], speed=1.0)
    wait_for(lambda: len(listener.column("ts")) == 60)
    ahead = [payload["ts"][-1] - arrival for arrival, _, payload in listener.messages]
    assert max(ahead) < 0.5


def test_labels_are_not_sent(broker, listener, tmp_path):
    """The command sends features and the running signal, and no label."""
    path = tmp_path / "a.csv"
    path.write_text("# seed 1\ntime;acc_x;acc_y;rpm;label\n" + "0;1;2;600;1\n0.01;1;2;600;0\n")
    words = ["simulator", "replay", path, "--device", DEVICE, "--mqtt", broker.url]
    answer(*words, "--features", "acc_x", "--limit-rows", "1").check_returncode()
    wait_for(lambda: listener.messages)
    payload = listener.messages[0][2]
    assert set(payload) == {"ts", "acc_x", "rpm", "session"}
    assert payload["session"] == "a-1"


def waveform(n=3000, rate_hz=12_800.0):
    """Two bursts with a second between them."""
    ts = np.arange(2 * n) / rate_hz
    ts[n:] += 1.0
    columns = {name: np.sin(np.arange(2.0 * n) + f).round(7) for f, name in enumerate("xyz")}
    return Session("wave", ts, columns)


def test_a_waveform_is_sent_as_bursts_that_the_detector_reads(broker, listener):
    """A tenth of a second a message, none over the gap; all samples come back in their place."""
    sent = waveform()
    send(broker, [sent], speed=20.0, bursts=True)
    wait_for(lambda: len(listener.messages) == 6)
    payloads = [payload for _, _, payload in listener.messages]
    assert [len(payload["x"]) for payload in payloads] == [1280, 1280, 440] * 2
    assert all(type(payload["ts"]) is float and payload["fs"] == 12_800 for payload in payloads)
    blocks = [
        read(f"sensors/{DEVICE}", json.dumps(payload).encode()).blocks[0][1] for payload in payloads
    ]
    ts = np.concatenate([block.ts for block in blocks])
    values = np.concatenate([block.values for block in blocks])
    np.testing.assert_allclose(ts - ts[0], sent.ts, atol=2e-6)
    np.testing.assert_allclose(values, np.column_stack(list(sent.columns.values())), atol=1e-6)


def test_a_clock_that_jumps_is_not_sent_as_a_rate():
    """One rate cannot tell it, so every sample keeps its time."""
    assert is_even(np.arange(50) / 100)
    assert not is_even(np.array([0.0, 0.01, 0.02, 0.08]))
    assert not is_even(np.array([0.0, 0.01, 0.01, 0.02]))
    assert not is_even(np.array([0.0]))


def test_interrupt_ends_quietly(broker, listener, tmp_path):
    """Ctrl-C ends an endless replay with exit code 130 and not a word on stderr."""
    path = tmp_path / "a.csv"
    path.write_text("ts,acc_x\n" + "".join(f"{i / 100},{i}\n" for i in range(100)))
    words = ["simulator", "replay", path, "--device", DEVICE, "--loop", "--mqtt", broker.url]
    errors = tmp_path / "errors"
    process = Program(*words, "--speed", "20", "--batch", "10", output=errors)
    wait_for(lambda: any(p["session"] == "a-2" for _, _, p in listener.messages))
    process.send_signal(signal.SIGINT)
    assert (process.wait(DEADLINE_S), errors.read_text()) == (130, "")


def test_a_signal_that_comes_while_it_waits_is_heard(broker, tmp_path, monkeypatch):
    """The replay holds the lock of its event just then, and the signal interrupts it there."""
    (tmp_path / "a.csv").write_text("ts,acc_x\n0,1\n1,2\n")
    handlers = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)

    def waiting(*_, stop, **__):
        heard = threading.Thread(target=handlers[signal.SIGINT], daemon=True)
        with stop._cond:
            heard.start()
            heard.join(5)
            assert not heard.is_alive()
        assert stop.wait(DEADLINE_S)

    monkeypatch.setattr(commands, "replay", waiting)
    asked = ["replay", str(tmp_path / "a.csv"), "--device", DEVICE, "--mqtt", broker.url]
    assert commands.run(asked) == 130
