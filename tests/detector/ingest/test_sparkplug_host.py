"""The state of a Sparkplug primary host, at a real broker."""

from __future__ import annotations

import json

import pytest

from detector.ingest.guard import Guard
from detector.ingest.sparkplug_host import PrimaryHost
from detector.settings.mqtt import MqttSettings
from tests.conftest import wait_for
from tests.support.serving import Client


@pytest.fixture
def host(own_broker):
    """Named scada, on a broker that may be stopped."""
    made = PrimaryHost(MqttSettings(url=own_broker.url, client_id="d"), "scada", Guard())
    yield made
    made.stop()


def states(client):
    """What its topic said so far."""
    return [json.loads(payload) for topic, payload, _ in client.messages
            if topic == "spBv1.0/STATE/scada"]  # fmt: skip


def test_it_is_online_while_it_runs_and_off_after(host, own_broker):
    """Both retained, so that a node that comes later knows; the time is that of the start."""
    host.start()
    with Client(own_broker.url, "spBv1.0/STATE/+") as client:
        wait_for(lambda: states(client), what="the host is told")
        assert states(client)[-1]["online"] is True
        host.stop()
        wait_for(lambda: not states(client)[-1]["online"], what="it says goodbye")
    with Client(own_broker.url, "spBv1.0/STATE/+") as later:
        wait_for(lambda: states(later), what="the retained state")
        assert states(later) == [states(client)[-1]]
        assert later.messages[0][2] is True


def test_a_connection_that_breaks_is_told_by_the_broker(host, own_broker):
    """With the time of the birth it belongs to."""
    host.start()
    with Client(own_broker.url, "spBv1.0/STATE/+") as client:
        wait_for(lambda: states(client) and states(client)[-1]["online"], what="online")
        host._client._sock_close()
        wait_for(lambda: not all(s["online"] for s in states(client)), 20, "the last will")
        will = next(s for s in states(client) if not s["online"])
        assert will["timestamp"] == states(client)[0]["timestamp"]
        wait_for(lambda: states(client)[-1]["online"], 20, "it comes back")
        assert states(client)[-1]["timestamp"] > will["timestamp"]


def test_a_late_will_of_an_earlier_connection_does_not_stand(host, own_broker):
    """It is online, whatever the topic says."""
    host.start()
    with Client(own_broker.url, "spBv1.0/STATE/+") as client:
        wait_for(lambda: states(client), what="online")
        client.publish("spBv1.0/STATE/scada", b'{"online": false, "timestamp": 1}')
        wait_for(lambda: len(states(client)) >= 3, what="it says so again")
        assert states(client)[-1]["online"] is True
