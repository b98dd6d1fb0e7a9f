"""What was judged before it was stored is not judged again by the next detector."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detector.alarms import ahead
from tests.support.alarms.plant import CARD, Plant, frame

SCORES = [0.1, 9.0, 0.1, 0.1, 0.1, 0.1]  # raised and cleared


@pytest.fixture
def plant():
    """Whose detector ended after it had judged what its store had no room for."""
    made = Plant()
    judged = [(frame(0, SCORES), CARD)]
    with made.engine.begin() as connection:
        made.desk.update(connection, judged)
        ahead.note(connection, judged)
    made.desk.keep()
    made.restart()
    assert made.lives == ["returned"]
    return made


def test_what_comes_again_raises_nothing_again(plant):
    """However it is parted now; what is new counts."""
    plant.update(frame(0, SCORES[:4]))
    plant.update(frame(4, [*SCORES[4:], 9.0]))
    assert plant.lives == ["returned", "unacknowledged"]
    assert [alarm.start for alarm in plant.alarms] == [1.0, 6.0]


def test_a_clock_that_is_set_back_is_another_session_and_judged(plant):
    """It lies before what was judged, and is new."""
    plant.update(replace(frame(-86_400, SCORES), session="s2"))
    assert len(plant.alarms) == 2


def test_once_it_is_stored_it_is_forgotten(plant):
    """The next restart knows nothing of it."""
    with plant.engine.begin() as connection:
        ahead.forget(connection, {"m"})
    plant.restart()
    plant.update(frame(0, SCORES))
    assert len(plant.alarms) == 2
