"""Which features of the past get a chart."""

from __future__ import annotations

from dashboard.live.columns import those_that_matter
from detector.records import Alarm

MANY = tuple(f"c{number}" for number in range(40))


def alarm(**shares: float) -> Alarm:
    """One to which so much was contributed."""
    return Alarm(None, "m1", "score", "cleared", 10.0, 20.0, 2.0, shares, "model", 1.0)


def test_all_of_a_few_features_are_drawn() -> None:
    """Whatever was behind the alarms."""
    assert those_that_matter(("a", "b", "c"), [alarm(b=1.0)]) == ("a", "b", "c")


def test_of_many_those_behind_the_newest_alarms_are_drawn_in_their_order() -> None:
    """The largest shares first; a feature that is not stored any more is left out."""
    newest = alarm(**{f"c{number}": number / 100 for number in range(30, 37)}, gone=0.5)

    drawn = those_that_matter(MANY, [newest, alarm(c9=0.2, c39=0.8)])

    assert drawn == (*MANY[30:37], "c39")
    assert those_that_matter(MANY, []) == MANY[:8]
