"""The table of an alarm's states, against the standard's figure written out by hand."""

from __future__ import annotations

import pytest

from detector.alarms.states import Event, after, hold_on, state_of
from detector.records import Hold, Life

EVENTS = ("raise", "clear", "acknowledge", "shelve", "suppress", "remove", "release")
TABLE = """
normal          unack  -        -      -       -          -              -
unacknowledged  -      returned acked  shelved suppressed out-of-service -
acknowledged    -      normal   -      shelved suppressed out-of-service -
returned        -      -        normal normal  normal     normal         -
latched         unack  -        normal normal  normal     normal         -
shelved         -      normal   -      shelved suppressed out-of-service unack
suppressed      -      normal   -      shelved suppressed out-of-service unack
out-of-service  -      normal   -      shelved suppressed out-of-service unack
"""
SHORT = {"unack": "unacknowledged", "acked": "acknowledged"}
ROWS = [[SHORT.get(cell, cell) for cell in line.split()] for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(
    ("life", "event", "expected"),
    [(row[0], event, cell) for row in ROWS for event, cell in zip(EVENTS, row[1:], strict=True)],
)
def test_every_state_and_event(life, event, expected):
    """Where the table has a stroke the event is not allowed."""
    found = after(Life(life), Event(event))
    assert (found.value if found else "-") == expected


def test_the_table_is_whole():
    """Every state and every event of the code stands in it."""
    assert [row[0] for row in ROWS] == [life.value for life in Life]
    assert tuple(event.value for event in Event) == EVENTS


@pytest.mark.parametrize("life", list(Life))
def test_latching_holds_only_what_nobody_has_answered(life):
    """All other rows of the table are the same."""
    for event in Event:
        found = after(life, event, is_latching=True)
        if (life, event) == (Life.UNACKNOWLEDGED, Event.CLEAR):
            assert found is Life.LATCHED
        else:
            assert found is after(life, event)


def test_an_old_store_knows_two_states():
    """What servers and Home Assistant read has not changed its meaning."""
    assert {life for life in Life if state_of(life) == "cleared"} == {Life.NORMAL, Life.RETURNED}


def test_the_strongest_hold_counts_until_its_time():
    """Out of service before maintenance before the shelf; of this device and kind only."""
    shelf = Hold("m", "score", "shelved", 10.0, False, "Kim", None)
    work = Hold("m", "", "suppressed", 5.0, False, "Kim", None)
    out = Hold("other", "", "out-of-service", None, False, "Kim", None)
    holds = [shelf, work, out]
    assert hold_on(holds, "m", "score", 4.0) == work
    assert hold_on(holds, "m", "score", 5.0) == shelf
    assert hold_on(holds, "m", "silent", 5.0) is None
    assert hold_on(holds, "m", "score", 10.0) is None
    assert hold_on(holds, "other", "score", 1e12) == out
