"""Simulators are heard over a real broker; what is none of theirs changes nothing."""

from __future__ import annotations

import json

import pytest

from detector.ingest.guard import Guard
from detector.ingest.simulated.simulators import GONE_S, MOST_DEVICES, MOST_EVENTS, Simulators
from detector.settings.mqtt import MqttSettings
from tests.conftest import wait_for
from tests.support.serving import Client

HERE = json.dumps({"families": ["spike"], "features": ["acc_x"]}).encode()


@pytest.fixture
def ears():
    """Not connected."""
    return Simulators(MqttSettings(), Guard())


def test_a_simulator_is_heard_and_asked(broker):
    """It says that it is there; a request reaches it, and what it tells of the fault comes back."""
    settings = MqttSettings(url=broker.url, client_id="hears")
    made = Simulators(settings, Guard())
    with Client(broker.url, "simulator/sim-7/fault") as simulator:
        made.start()

        def is_here():
            simulator.publish("simulator/sim-7/here", HERE)
            return made.here()

        [found] = wait_for(is_here, 10, "it is heard")
        assert (found.device, found.families, found.features) == ("sim-7", ("spike",), ("acc_x",))
        assert made.ask("sim-7", {"family": "spike", "severity": 1, "seconds": 3})
        wait_for(lambda: simulator.messages, 10, "it is asked")
        assert json.loads(simulator.messages[0][1])["family"] == "spike"
        told = {"event": "start", "family": "spike", "axis": "acc_x", "severity": 1, "ts": 5}
        simulator.publish("simulator/sim-7/truth", json.dumps(told).encode())
        [event] = wait_for(lambda: made.here()[0].events, 10, "it tells the truth")
        assert (event.event, event.family, event.ts) == ("start", "spike", 5.0)
        assert not made.ask("nobody", {})
        made.stop()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("simulator/a/here", b"{"),
        ("simulator/a/here", b"[" * 3000),
        ("simulator/a/here", b'{"families": "spike", "features": []}'),
        ("simulator/a/here", b"\xff"),
        ("simulator/a/here", b" " * 5000 + HERE),
        ("simulator/a/b/here", HERE),
        ("simulator/a/other", HERE),
        ("simulator/a/truth", b'{"event": "start"}'),
    ],
)
def test_what_is_none_of_a_simulators_is_left_out(ears, topic, payload):
    """Nothing is raised, nothing is kept."""
    ears.receive(topic, payload, 100.0)
    assert ears.here(100.0) == []


def test_what_is_kept_is_bounded_and_the_silent_are_gone(ears):
    """Devices, and events of each."""
    for number in range(MOST_DEVICES + 5):
        ears.receive(f"simulator/m-{number}/here", HERE, 100.0)
    for number in range(MOST_EVENTS + 5):
        ears.receive("simulator/m-0/truth", b'{"event": "start", "ts": %d}' % number, 100.0)
    found = ears.here(101.0)
    assert len(found) == MOST_DEVICES
    assert [event.ts for event in found[0].events][:: MOST_EVENTS - 1] == [5.0, MOST_EVENTS + 4.0]
    assert ears.here(100.0 + GONE_S) == []
