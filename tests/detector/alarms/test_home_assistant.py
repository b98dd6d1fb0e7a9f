"""What makes a device known to Home Assistant."""

from __future__ import annotations

import json
import re
from itertools import combinations

import pytest

from detector.alarms.home_assistant import discovery_message, discovery_topic
from detector.alarms.notify import state_message
from detector.ingest.client import OFFLINE
from detector.ingest.mqtt import ONLINE
from detector.records import Alarm, DeviceState, DeviceStatus
from tests.support.home_assistant import check_device, rendered

# its own pattern, from components/mqtt/discovery.py
TOPIC = re.compile(r"homeassistant/(?P<component>\w+)/(?P<object_id>[a-zA-Z0-9_-]+)/config")
NAMES = ["pump 1", "pump_1", "pump-1", "Pump 1", "pump{{ 7 * 7 }}", 'pump"1"', "pump'1'", "펌프",
         "泵", "p" * 200, "p" * 199 + "q", "_", "-", "%}", "\\"]  # fmt: skip
ALARM = Alarm(id=7, device="m", kind="score", state="active", start=0.0, end=None, peak_score=3.0,
              contributions={}, model="small", threshold=1.0)  # fmt: skip


def announced(device, prefix="faultline"):
    """Topic and message of a device."""
    state = f"{prefix}/{device}/state"
    message = discovery_message(device, state, f"{prefix}/status")
    return discovery_topic("homeassistant", device, state), json.loads(message)


def status(state, score):
    """Of a device."""
    return DeviceStatus(device="m", state=state, reason=None, score=score, mse=None, threshold=1.0,
                        last_ts=1.7e9, last_arrival=1.7e9, rate_hz=None, features=("x",),
                        model=None)  # fmt: skip


@pytest.mark.parametrize("device", NAMES)
def test_any_name_makes_a_topic_that_home_assistant_takes(device):
    """Only letters, digits, underscore and hyphen, of a bounded length."""
    topic, message = announced(device)
    found = TOPIC.fullmatch(topic)
    assert found["component"] == "device"
    assert len(found["object_id"]) <= 80
    assert message["device"]["identifiers"] == [found["object_id"]]
    check_device(message)


def test_no_two_devices_share_an_id():
    """Neither two names that look alike, nor one name at two detectors."""
    made = [announced(name) for name in NAMES] + [announced("pump 1", "other/faultline")]
    for (topic, message), (other_topic, other) in combinations(made, 2):
        assert topic != other_topic
        assert not unique_ids(message) & unique_ids(other)


def unique_ids(message):
    """Of the entities of a message."""
    found = {entity["unique_id"] for entity in message["components"].values()}
    assert len(found) == len(message["components"])
    return found


@pytest.mark.parametrize("device", NAMES)
def test_a_name_stands_in_no_template(device):
    """It is text for the eye and part of a topic; the templates are the same for all."""
    _, message = announced(device)
    _, plain = announced("m")
    assert message["device"]["name"] == device
    assert templates(message) == templates(plain)


def templates(message):
    """All of a message."""
    found = [one["value_template"] for one in message["availability"]]
    return found + [entity["value_template"] for entity in message["components"].values()]


def test_an_id_stays_the_same():
    """Home Assistant keeps names, rooms and history by it, over versions and restarts."""
    topic, _ = announced("motor-600-1")
    assert topic == "homeassistant/device/faultline_motor-600-1_c8ec54bfadb70c48/config"


@pytest.mark.parametrize(
    ("state", "score", "alarm", "shown"),
    [
        (DeviceState.OK, 0.25, None, ("ok", "0.25", "OFF")),
        (DeviceState.ALARM, 3.5, ALARM, ("alarm", "3.5", "ON")),
        (DeviceState.WARMING_UP, None, None, ("warming-up", "None", "OFF")),  # None is `unknown`
        (DeviceState.UNSCORED, float("nan"), ALARM, ("unscored", "None", "ON")),
    ],
)
def test_the_templates_pick_from_the_state_message(state, score, alarm, shown):
    """State, score and alarm of a device, as they go out."""
    _, message = announced("m")
    payload = state_message(status(state, score), alarm)
    entities = message["components"]
    picked = [rendered(entities[name]["value_template"], payload) for name in entities]
    assert tuple(picked) == shown
    assert picked[0] in entities["state"]["options"]


@pytest.mark.parametrize(("payload", "shown"), [(ONLINE, "online"), (OFFLINE, "offline")])
def test_the_status_of_the_detector_is_the_availability(payload, shown):
    """Both words are those that Home Assistant waits for when not told others."""
    [availability] = announced("m")[1]["availability"]
    assert rendered(availability["value_template"], payload) == shown
