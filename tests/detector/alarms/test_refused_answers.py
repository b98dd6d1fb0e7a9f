"""What operators ask for and is not allowed; store and desk are real."""

from __future__ import annotations

import pytest

from tests.support.alarms.plant import Plant, frame

REFUSED = [
    ("ack", (9,), {}, "alarm 9: there is none, see `faultline alarms`"),
    ("ack", (1,), {}, "alarm 1: is acknowledged by Kim, allowed: an alarm that nobody has ack"),
    ("ack", (2, 1), {}, "alarm 1: is acknowledged by Kim"),
    ("ack", (2, 9), {}, "alarm 9: there is none"),
    ("ack", (), {}, "alarms: found [], allowed: a list of ids"),
    ("ack", (2**63,), {}, "alarm 9223372036854775808: is no id"),
    ("ack", (True,), {}, "alarm True: is no id"),
    ("ack", (2,), {"who": ""}, "who: found nothing, allowed: some text"),
    ("ack", (2,), {"who": "K" * 81}, "who: found 81 characters, allowed: up to 80"),
    ("ack", (2,), {"who": "K\x1b[2J"}, r"who: found K\x1b[2J, allowed: characters that print"),
    ("shelve", (2,), {"minutes": 1441}, "minutes: found 1441, allowed: above 0 up to 1440 (24 h)"),
    ("shelve", (2,), {"minutes": float("inf")}, "minutes: found inf"),
    ("shelve", (2,), {"minutes": float("nan")}, "minutes: found nan"),
    ("shelve", (2,), {"minutes": -1}, "minutes: found -1"),
    ("shelve", (2,), {"minutes": "long"}, "minutes: found long, allowed: a number"),
    ("shelve", (3,), {"minutes": 5}, "alarm 3: is over"),
    ("unshelve", (2,), {}, "alarm 2: is unacknowledged, allowed: a shelved alarm"),
    ("comment", (2,), {"why": "x" * 10_000}, "comment: found 10000 characters, allowed: up to 10"),
    ("comment", (2,), {"why": "two\nlines"}, r"comment: found two\nlines"),
    ("comment", (2,), {"why": "  "}, "comment: found   , allowed: some text"),
    ("comment", (9,), {"why": "yes"}, "alarm 9: there is none"),
    ("verdict", (2,), {"verdict": "maybe", "why": "x"}, "verdict: found maybe, allowed: real, fal"),
    ("verdict", (2,), {"verdict": "real"}, "cause: found nothing, allowed: some text"),
    ("verdict", (2,), {"verdict": ["real"], "why": "x"}, "verdict: found ['real']"),
    ("maintenance", (), {}, "minutes: found nothing, allowed: a number"),
    ("maintenance", (), {"minutes": 1e9}, "minutes: found 1e+09"),
    ("maintenance", (), {"minutes": 5, "device": "nobody"}, "device nobody: was never seen"),
    ("maintenance", (), {"undo": True}, "device m: is not in maintenance, nothing to undo"),
    ("out-of-service", (), {"undo": "yes"}, "undo: found yes, allowed: true or false"),
    ("out-of-service", (), {"undo": True}, "device m: is not out of service, nothing to undo"),
    ("note", (), {"why": "x"}, "start: found nothing, allowed: UTC seconds"),
    ("note", (), {"start": 5, "end": 4, "why": "x"}, "start: found 5, allowed: up to the end, 4"),
    ("note", (), {"start": 5, "end": float("inf"), "why": "x"}, "end: found inf, allowed: UTC"),
    ("note", (), {"start": 5, "end": 6}, "note: found nothing, allowed: some text"),
    ("note", (), {"start": 5, "end": 6, "why": "x\x1b[2J"}, r"note: found x\x1b[2J, allowed: char"),
    (
        "note",
        (),
        {"start": 5, "end": 6, "why": "x", "device": "nobody"},
        "device nobody: was never",
    ),
]


@pytest.fixture(scope="module")
def answered():
    """Three alarms: acknowledged, unacknowledged of another device, over."""
    plant = Plant()
    plant.update(frame(0, [9]))
    plant.say("ack", 1)
    plant.update(frame(0, [9], device="other"), frame(0, [9], device="third"))
    plant.say("ack", 3)
    plant.update(frame(1, [0, 0], device="third"))
    return plant


@pytest.mark.parametrize(("kind", "numbers", "value", "line"), REFUSED)
def test_what_is_not_allowed_is_one_line_and_nothing_is_done(answered, kind, numbers, value, line):
    """The alarms, what is held back and what servers hear stay as they were."""
    before, _ = answered.alarms, answered.told()
    said = answered.say(kind, *numbers, **value)
    assert said.startswith(f"refused: {line}")
    assert said.isprintable()
    assert answered.alarms == before
    assert answered.told() == []
    assert answered.desk.book.held_now("m", 0.0) == []


def test_a_verdict_can_be_changed_and_is_kept_on_what_is_over(answered):
    """The newest counts."""
    assert answered.say("verdict", 3, verdict="real", why="bolt") == "applied"
    assert answered.say("verdict", 3, verdict="known", why="work") == "applied"
    assert (answered.alarms[2].verdict, answered.alarms[2].cause) == ("known", "work")


def test_a_failed_commit_undoes_an_answer():
    """As with alarms: the desk believes what the store holds."""
    plant = Plant()
    plant.update(frame(0, [9]))
    connection = plant.engine.connect()
    plant.desk.update(connection, [])
    plant.desk.book.acknowledge(connection, plant.desk.active("m"), "Kim", 1.0)
    connection.rollback()
    connection.close()
    plant.update()
    assert plant.lives == ["unacknowledged"]
    assert plant.say("ack", 1) == "applied"
