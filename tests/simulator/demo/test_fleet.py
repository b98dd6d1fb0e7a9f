"""The demo's motors on the wire, and the faults that come and go on them."""

import numpy as np
import pytest

from simulator.demo.fleet import FaultPlan, publish_all
from simulator.demo.machines import HEARD, HF_HZ, SHOWN, build
from simulator.machines.motor import FEATURES


def play(machines, seconds):
    """Run a fault plan for so long and return (second, text) of what it told."""
    told, now = [], 0.0
    plan = FaultPlan(machines, seed=7, say=lambda text: told.append((now, text)))
    while now < seconds:
        plan.advance(now)
        for machine in machines:
            machine.batch(0.0)
        now += 0.25
    return told


@pytest.fixture(scope="module")
def hall():
    """The motors of the demo."""
    return build(6, seed=7)


@pytest.fixture(scope="module")
def ten_minutes(hall):
    """What is told of a motor at a fixed speed, one heard at kilohertz and one on an inverter."""
    return play(build(3, seed=7), 600.0)


def test_faults_come_and_go(ten_minutes):
    """The first fault comes after 10-15 s, each lasts 15-25 s, then 20-40 s are healthy."""
    times = np.array([second for second, _ in ten_minutes])
    assert 10 <= times[0] <= 15.5
    assert ((np.diff(times)[::2] >= 15) & (np.diff(times)[::2] <= 25.5)).all()
    assert ((np.diff(times)[1::2] >= 20) & (np.diff(times)[1::2] <= 42)).all()


def test_families_and_motors_rotate(ten_minutes):
    """Each family has its turn: those that are heard on the waveform, the others elsewhere."""
    told = [text.split()[:2] for _, text in ten_minutes if text.endswith(" s")]
    heard = [family for device, family in told if device == "motor-hf-1:"]
    others = [family for device, family in told if device != "motor-hf-1:"]
    assert heard[:2] == list(HEARD[:2])
    assert others[: len(SHOWN)] == list(SHOWN)
    assert {device for device, _ in told} == {"motor-600-1:", "motor-hf-1:", "motor-vs-1:"}


def test_fault_is_on_the_wire():
    """While a fault is told, its feature is faulty and the motor runs."""
    machines = build(1, seed=7)
    healthy = [machines[0].batch(0.0) for _ in range(20)]
    (_, text), *_ = play(machines, 14.0)
    feature = next(name for name in FEATURES if name in text)
    noisy = [machines[0].batch(0.0) for _ in range(20)]
    level = [np.concatenate([b[feature] for b in blocks]).std() for blocks in (healthy, noisy)]
    assert "noise" in text
    assert level[1] > 3 * level[0]


def test_each_kind_of_motor_is_there(hall):
    """One of each kind and two of each fixed speed, running from the start."""
    names = [machine.name for machine in hall]
    assert names == ["motor-600-1", "motor-hf-1", "motor-vs-1", "motor-1200-1",
                     "motor-600-2", "motor-1200-2"]  # fmt: skip
    assert all(machine.batch(0.0)["rpm"].min() > 399 for machine in build(6, seed=7))


class Wire:
    """Keeps what is published."""

    def __init__(self):
        self.messages = []

    def publish(self, device, columns, *, session=None, rate_hz=None):
        """As ``Publisher.publish``."""
        self.messages.append((device, columns, session, rate_hz))


def test_a_waveform_comes_in_bursts(hall):
    """2 s in 5 at 12.8 kHz, without a hole in a burst, each with a name of its own."""
    wire, heard = Wire(), hall[1]
    for _ in range(28):  # 7 s
        publish_all([heard], wire, 1e9, lambda _: None)

    sessions = {}
    for device, columns, session, rate_hz in wire.messages:
        assert (device, rate_hz) == ("motor-hf-1", HF_HZ)
        sessions.setdefault(session, []).append(columns["ts"])
    first, second = (np.concatenate(parts) for parts in sessions.values())
    assert len(first) == len(second) == round(2 * HF_HZ)
    assert second[0] - first[0] == pytest.approx(5.0, abs=1e-4)
    assert np.diff(first) == pytest.approx(1 / HF_HZ, abs=2e-6)
