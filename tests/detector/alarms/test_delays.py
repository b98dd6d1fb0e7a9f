"""Delays that an operator gave to a device; store and desk are real."""

from __future__ import annotations

import pytest

from detector.alarms import requests
from detector.errors import AlarmError
from detector.settings.tree import Settings
from detector.store import commands
from tests.support.alarms.plant import Plant, frame

GOOD = {"k": 3, "n": 5, "on_delay_s": 0.0, "off_delay_s": 5.0}
PATIENT = {"k": 1, "n": 1, "on_delay_s": 3.0, "off_delay_s": 2.0}


def give(plant, delays):
    """An applied command, and the detector that starts after it."""
    with plant.engine.begin() as connection:
        number = commands.issue(connection, "m", "delays", {"delays": delays}, "Kim")
        commands.mark_applied(connection, number, "applied")
    plant.settings = Settings(alarms=plant.settings.alarms)
    plant.restart()


def test_they_go_before_the_settings_of_one_device_and_outlive_a_restart():
    """Three seconds above raise nothing on the one, and at once on the other; until a reset."""
    plant = Plant()
    give(plant, PATIENT)
    plant.update(frame(0, [9, 9, 9, 0, 0]), frame(0, [9, 9, 9, 0, 0], device="other"))
    assert [alarm.device for alarm in plant.alarms] == ["other"]
    plant.restart()
    plant.update(frame(5, [9, 9, 9, 9, 0]))
    assert [alarm.device for alarm in plant.alarms] == ["other", "m"]
    assert plant.lives[-1] == "unacknowledged"
    plant.update(frame(10, [0]))
    assert plant.lives[-1] == "returned"  # two below, though m was written
    give(plant, None)
    plant.update(frame(20, [9]))
    assert len(plant.alarms) == 3


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"k": 0}, "k: found 0, allowed: greater than or equal to 1"),
        ({"k": 6}, "k: found 6, allowed: up to n, which is 5"),
        ({"k": 2.5}, "k: found 2.5, allowed: a valid integer"),
        ({"k": True}, "k: found True, allowed: a valid integer"),
        ({"n": 10_001}, "n: found 10001, allowed: less than or equal to 10000"),
        ({"on_delay_s": float("nan")}, "on_delay_s: found nan, allowed: "),
        ({"off_delay_s": "long"}, "off_delay_s: found long, allowed: a valid number"),
        ({"latching": True}, "delays: found {'k': 3, 'n': 5"),
    ],
)
def test_what_is_not_allowed_is_one_line(changed, line):
    """With what was found and what is allowed."""
    with pytest.raises(AlarmError) as caught:
        requests.delays_of({"delays": {**GOOD, **changed}})
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_those_of_the_settings_are_asked_for_by_none():
    """And nothing is no answer."""
    assert requests.delays_of({"delays": None}) is None
    with pytest.raises(AlarmError, match="delays: found"):
        requests.delays_of({})
