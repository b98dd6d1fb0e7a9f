"""Faults that are asked for while the demo runs."""

import json

import numpy as np
import pytest

from simulator.demo.asked import AskedFaults
from simulator.demo.machines import build


class Wire:
    """Stands for the connection: notes what is told, and hands requests over."""

    def __init__(self):
        self.told, self.heard = [], {}

    def tell(self, topic, message):
        """Note it."""
        self.told.append((topic, message))

    def subscribe(self, topic, receive):
        """Note who hears it."""
        self.heard[topic] = receive

    def events(self):
        """What was told of faults."""
        return [message for topic, message in self.told if topic.endswith("/truth")]


@pytest.fixture
def hall():
    """One motor, its wire and what takes requests."""
    machines, wire = build(1, seed=7), Wire()
    asked = AskedFaults(machines, wire, 1000.0, busy=lambda: None, say=lambda _: None)
    return machines[0], wire, asked


def ask(wire, **request):
    """As it comes from the broker."""
    wire.heard["simulator/motor-600-1/fault"](json.dumps(request).encode())


def test_a_fault_comes_when_it_is_asked_for_and_goes(hall):
    """It is on the wire as long, and the truth tells of both ends by the device's clock."""
    motor, wire, asked = hall
    asked.advance()
    assert wire.told[0][0] == "simulator/motor-600-1/here"
    healthy = np.concatenate([motor.batch(0.0)["acc_y"] for _ in range(8)]).std()
    ask(wire, family="noise", severity=1.0, seconds=1.0, feature="acc_y")
    levels = []
    for _ in range(6):
        asked.advance()
        levels.append(motor.batch(0.0)["acc_y"].std() / healthy)
    assert min(levels[:4]) > 3 > max(levels[4:])
    assert [(one["event"], one["ts"]) for one in wire.events()] == [("start", 1002.0),
                                                                     ("end", 1003.0)]  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"family": "clock", "severity": 1, "seconds": 1}, "fault 'clock'; allowed: spike"),
        ({"family": "noise", "severity": 1, "seconds": 1, "feature": "x"}, "no feature 'x'"),
        ({"family": "noise", "severity": 7, "seconds": 1}, "severity 7; allowed: 0 to 1"),
        ({"family": "noise"}, "no fault request"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(hall, request_, reason):
    """On the wire, where whoever asked hears it."""
    motor, wire, asked = hall
    ask(wire, **request_)
    asked.advance()
    [told] = wire.events()
    assert told["event"] == "refused"
    assert reason in told["reason"]
    assert motor.fault is None


def test_one_fault_at_a_time(hall):
    """The second is refused."""
    _, wire, asked = hall
    for _ in range(2):
        ask(wire, family="noise", severity=1, seconds=9)
    asked.advance()
    assert [one["event"] for one in wire.events()] == ["start", "refused"]
