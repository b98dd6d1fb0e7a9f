"""Who is told of what: decided with the alarm, once for each target, and little in a flood."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detector.alarms.telling import wants
from detector.notifying.words import message_of
from detector.records import Alarm, Priority
from detector.settings.targets.notify import NotifySettings
from detector.store.outbox import outbox
from tests.support.alarms.plant import CARD, Plant, frame

URL = {"url": "json://127.0.0.1:9"}
ALARM = Alarm(1, "pump-1", "score", "active", 0.0, None, 2.0, {}, "m", 1.0, raised_at=0.0)
SUNDAY = 259_200.0  # 1970-01-04 00:00 UTC


@pytest.fixture
def plant():
    """One target that is told of all, one alarm at a time."""
    return telling({**URL, "name": "duty"})


def telling(*targets, **rules):
    """A plant with targets."""
    made = Plant(**{"k": 1, "n": 1, "m": 1, **rules})
    made.settings = made.settings.model_copy(
        update={"notify": tuple(NotifySettings(**one) for one in targets)}
    )
    made.restart()
    return made


def decided(plant, target="duty"):
    """Event, alarm and outcome of each message, in order."""
    with plant.engine.connect() as connection:
        found = outbox.every(connection, target)
    return [(one.event, one.content.get("id"), done) for one, done in found]


@pytest.mark.parametrize(
    ("more", "event", "changed", "expected"),
    [({}, "raised", {}, True), ({}, "acknowledged", {}, False),
     ({"events": ["acknowledged"]}, "acknowledged", {}, True),
     ({"events": ["raised"]}, "returned", {}, False),
     ({"priority": "high"}, "raised", {}, False),
     ({"priority": "high"}, "raised", {"priority": "high"}, True),
     ({"priority": "medium"}, "raised", {"priority": "low"}, False),
     ({"devices": "fan-*"}, "raised", {}, False),
     ({"devices": ["fan-*", "pump-?"]}, "raised", {}, True),
     ({"devices": "?*"}, "raised", {"device": "", "kind": "detector"}, False),
     ({}, "raised", {"device": "", "kind": "detector"}, True),
     ({"kinds": ["silent", "sensor"]}, "raised", {}, False),
     ({"kinds": ["silent", "sensor"]}, "raised", {"kind": "sensor"}, True),
     ({"schedule": {"days": "mon-sat"}}, "raised", {}, False),
     ({"schedule": {"days": "sun"}}, "raised", {}, True),
     ({"schedule": {"days": "mon-sat", "time_zone": "America/New_York"}}, "raised", {}, True)],
)  # fmt: skip
def test_a_target_is_told_of_what_it_asks_for(more, event, changed, expected):
    """Event, priority, device, kind, and the day where it is."""
    alarm = replace(ALARM, **changed)
    assert wants(NotifySettings(**URL, **more), event, alarm, SUNDAY + 3600) is expected


def test_an_alarm_is_told_once_for_each_thing_that_happens_to_it(plant):
    """However often it crosses and whatever restarts: raised, risen, returned."""
    for ts in range(5):
        plant.restart()
        plant.update(frame(ts, [3]))
    deliver(plant)
    plant.update(frame(5, [9]), frame(6, [9] * 60))
    plant.restart()
    deliver(plant)
    plant.update(frame(70, [0]))
    assert decided(plant) == [("raised", 1, "sent"), ("risen", 1, "sent"), ("returned", 1, None)]


def test_a_priority_that_rises_before_anybody_was_told_is_no_second_message(plant):
    """The first says the newest."""
    plant.update(frame(0, [1.1]), frame(1, [3] * 3))
    plant.update(frame(4, [9] * 70))
    assert decided(plant) == [("raised", 1, None)]
    with plant.engine.connect() as connection:
        [(notice, _)] = outbox.every(connection, "duty")
    assert notice.alarm.priority == Priority.HIGH.value


def test_a_failed_commit_decides_nothing(plant):
    """What is told is in the transaction of what it tells."""
    with plant.engine.connect() as connection:
        plant.desk.update(connection, [(frame(0, [9]), CARD)])
        connection.rollback()
    assert decided(plant) == []
    plant.update(frame(0, [9]))
    assert decided(plant) == [("raised", 1, None)]


@pytest.mark.parametrize("hold", ["shelve", "maintenance", "out-of-service"])
def test_nothing_is_told_while_alarms_are_held_back(plant, hold):
    """Neither of the one that was told nor of those that come; what is left is told at the end."""
    plant.update(frame(0, [9]))
    plant.say(hold, 1, **({"minutes": 5} if hold != "out-of-service" else {}))
    plant.update(frame(1, [0]), frame(2, [9] * 5), frame(10, [0]), frame(11, [9]))
    assert decided(plant) == [("raised", 1, None)]
    plant.now += 400
    if hold == "out-of-service":
        plant.say(hold, undo=True)
    plant.update()
    assert decided(plant)[1:] == [("raised", 3, None)]


@pytest.mark.parametrize("kind", ["drift", "provisional"])
def test_statements_and_provisional_alarms_are_told_to_nobody(plant, kind):
    """Nor counted for a flood."""
    if kind == "drift":
        plant.report("drift", True)
    else:
        plant.update(frame(0, [9]), card=replace(CARD, provisional=True))
    assert len(plant.alarms) == 1
    assert (decided(plant), decided(plant, outbox.PAGE)) == ([], [])


def test_an_alarm_that_nobody_answers_is_escalated_once():
    """To whom it is told after how long; not what was answered, returned or shelved."""
    boss = {**URL, "name": "boss", "events": ["escalated"], "escalate_after_minutes": 15}
    later = {**boss, "name": "later", "escalate_after_minutes": 60}
    plant = telling(boss, later)
    plant.update(*(frame(0, [9], device=device) for device in ("m", "seen", "gone", "put aside")))
    plant.say("ack", 2)
    plant.update(frame(1, [0], device="gone"))
    plant.say("shelve", 4)
    plant.now += 899
    plant.update()
    assert decided(plant, "boss") == []
    for _ in range(3):
        plant.now += 1
        plant.update()
        plant.restart()
    assert decided(plant, "boss") == [("escalated", 1, None)]
    assert (1, "escalated") in plant.told()
    plant.now += 3600
    plant.update()
    assert decided(plant, "later") == [("escalated", 1, None)]
    assert plant.told() == []  # servers hear of it when the first target does
    plant.update(frame(2, [0]))
    plant.update(frame(3, [9]))
    plant.now += 900
    plant.update()
    assert decided(plant, "boss")[1:] == [("escalated", 5, None)]
    assert (5, "escalated") in plant.told()


def test_whoever_was_told_of_the_machine_is_told_that_it_is_the_sensor():
    """Once, with the alarm's number; what still waits says so instead, and others hear of it."""
    plant = telling(
        {**URL, "name": "duty", "kinds": ["score"]}, {**URL, "name": "away"},
        {**URL, "name": "electrician", "kinds": ["sensor"]},
    )  # fmt: skip
    plant.update(frame(3, [9]))
    deliver(plant)
    for said in ("a: stuck", "a: stuck", "a: clipped"):
        with plant.engine.begin() as connection:
            plant.desk.update(connection, [])
            plant.desk.report(connection, "m", "sensor", is_on=True, ts=4.0, sentence=said,
                              contributions={"a": 1.0})  # fmt: skip
        plant.desk.keep()
    assert decided(plant) == [("raised", 1, "sent"), ("reclassified", 1, None)]
    assert decided(plant, "away") == [("raised", 1, None)]
    assert decided(plant, "electrician") == [("raised", 1, None)]
    with plant.engine.connect() as connection:
        waiting = [outbox.every(connection, name)[-1][0] for name in ("duty", "away")]
    corrected, first = (message_of(one) for one in waiting)
    assert corrected.title == "m: it is the sensor, not the machine"
    assert "This corrects what was said of alarm 1 before." in corrected.body
    assert first.title.startswith("m: sensor trouble")


def test_more_than_ten_in_ten_minutes_become_one_message_and_one_when_it_is_over(plant):
    """For whom they are too many; the page knows of a flood of alarms, whoever is told."""
    few = {**URL, "name": "few", "devices": "m-3"}
    plant = telling({**URL, "name": "duty"}, few)
    for number in range(25):
        plant.update(frame(number, [9], device=f"m-{number % 5}"))
        plant.update(frame(number + 0.5, [0], device=f"m-{number % 5}"))
        plant.now += 1
        plant.restart()
    found = decided(plant)
    assert [done for *_, done in found[:11]] == [None] * 11
    assert found[10][0] == "flood"
    assert {done for *_, done in found[11:]} == {"batched"}
    assert len(found) == 51
    assert len(decided(plant, "few")) == 10
    assert plant.desk.telling.flood == 0  # of a desk that has not looked yet
    plant.update()
    assert plant.desk.telling.flood == 25
    plant.now += 595
    plant.update()
    assert decided(plant)[-1][0] == "returned"  # eight of the last ten minutes are left
    assert plant.desk.telling.flood == 0  # four alarms, so that one is over
    plant.now += 2
    plant.update()
    with plant.engine.connect() as connection:
        last, _ = outbox.every(connection, "duty")[-1]
    assert last.event == "flood over"
    assert last.content["count"] == 40
    assert list(last.content["devices"].items()) == [(f"m-{n}", 8) for n in range(5)]
    assert plant.desk.telling.flood == 0
    plant.update(frame(100, [9]))
    assert decided(plant)[-1] == ("raised", 26, None)


def test_other_targets_are_told_after_a_reload(plant):
    """Without a restart; who is not in the settings any more is told nothing."""
    plant.update(frame(0, [9]))
    other = NotifySettings(**URL, name="other")
    plant.desk.follow(plant.settings.model_copy(update={"notify": (other,)}))
    plant.update(frame(1, [0]))
    assert decided(plant) == [("raised", 1, None)]
    assert decided(plant, "other") == [("returned", 1, None)]


def deliver(plant):
    """As if all had been sent."""
    with plant.engine.begin() as connection:
        for notice, done in outbox.every(connection, "duty"):
            if done is None:
                outbox.begin_attempt(connection, notice, 0.0)
                outbox.finish(connection, notice, outbox.SENT, plant.now)
