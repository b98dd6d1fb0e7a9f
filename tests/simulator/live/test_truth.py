"""The ground truth that goes out beside a replay."""

import signal
import threading

import numpy as np
import pytest

from simulator.errors import SimulatorError
from simulator.live.publisher import Publisher
from simulator.live.replay import Pace, load, replay
from simulator.recordings.recorded_faults import FaultRequest
from tests.conftest import wait_for
from tests.support.simulator.replaying import DEADLINE_S, DEVICE, TRUTH, Listener, loaded, send


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
