"""Devices make themselves known to Home Assistant, over a real broker.

Slow for one reason: a detector is a process that imports torch; all tests here share one.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

import pytest

from detector.settings.mqtt import MqttSettings
from tests.conftest import Broker, free_port, wait_for
from tests.support.home_assistant import check_device, rendered
from tests.support.serving import Client, serving

NASTY = 'pump "{{ 7 * 7 }}" \'%}'
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?|None")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A detector that tells Home Assistant, on a broker that may be stopped."""
    folder = tmp_path_factory.mktemp("home")
    broker = Broker(free_port(), folder)
    broker.start()
    with ExitStack() as stack:
        stack.callback(broker.stop)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FAULTLINE_MQTT__HOME_ASSISTANT", "homeassistant")
            made = stack.enter_context(serving(folder, broker.url, ""))
        made.broker = broker
        yield made


def send(served, device, ts=1_700_000_000):
    """One sample of a device."""
    with Client(served.url) as client:
        client.publish(f"{served.folder.name}/{device}", json.dumps({"ts": ts, "a": 1}).encode())


def retained(served):
    """All that a newcomer gets, payloads by topic; the broker sends it before what is newer."""
    with Client(served.url, "#") as client:
        client.publish("all-told", b"")
        wait_for(lambda: any(topic == "all-told" for topic, *_ in client.messages))
        return {topic: payload for topic, payload, is_retained in client.messages if is_retained}


def announced(served, device):
    """Topic and message of a device, as soon as they are there."""

    def look():
        found = retained(served)
        is_there = f"out-{served.folder.name}/{device}/state" in found
        return found if is_there and list(configs(found, device)) else None

    [found] = configs(wait_for(look, what=f"{device} is announced"), device)
    return found


def configs(found, device):
    """Topics and messages of a device."""
    for topic, payload in found.items():
        if topic.startswith("homeassistant/device/") and topic.endswith("/config"):
            message = json.loads(payload)
            if message["device"]["name"] == device:
                yield topic, message


@pytest.mark.parametrize("device", ["m1", NASTY])
def test_a_device_appears_with_state_score_and_alarm(served, device):
    """Every topic it names is there, retained, and carries what the templates pick."""
    send(served, device)
    topic, message = announced(served, device)
    check_device(message)
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", topic)
    found = retained(served)
    [online] = message["availability"]
    assert rendered(online["value_template"], found[online["topic"]]) == "online"
    state, score, alarm = message["components"].values()
    payload = found[message["state_topic"]]
    assert rendered(state["value_template"], payload) == "unscored"
    assert "unscored" in state["options"]
    assert score["state_class"] == "measurement"
    assert NUMBER.fullmatch(rendered(score["value_template"], payload))
    assert (alarm["platform"], alarm["device_class"]) == ("binary_sensor", "problem")
    assert rendered(alarm["value_template"], payload) == "OFF"


def test_it_is_told_once(served):
    """However many samples and states follow."""
    state = f"out-{served.folder.name}/m-once/state"
    with Client(served.url, "#") as client:
        for second in range(1_700_000_000, 1_700_000_003):
            send(served, "m-once", second)
            wait_for(lambda s=second: s in times(client, state), what="the state of it")
        told = [topic for topic, payload, _ in client.messages if b'"m-once"' in payload]
    assert len(told) == 1


def times(client, topic):
    """Of the states that came on a topic."""
    return {json.loads(payload)["ts"] for at, payload, _ in client.messages if at == topic}


def test_a_broker_that_forgot_is_told_again(served):
    """Devices and their states, after a new connection, though no new sample came."""
    send(served, "m-again")
    topic, message = announced(served, "m-again")
    with Client(served.url) as client:
        for forgotten in (topic, message["state_topic"]):
            client._client.publish(forgotten, b"", 1, retain=True).wait_for_publish(20)
    assert topic not in retained(served)
    served.broker.stop()
    served.broker.start()
    assert announced(served, "m-again") == (topic, message)


def test_it_is_off_by_default():
    """Nobody's Home Assistant is filled without being asked."""
    assert MqttSettings().home_assistant is None


@pytest.mark.parametrize("prefix", ["", "home/#", "+/home", "a\0"])
def test_a_prefix_that_cannot_be_published_to_is_refused(prefix):
    """At the start, not at the first device."""
    with pytest.raises(ValueError, match="home_assistant"):
        MqttSettings(home_assistant=prefix)
