"""The same as before? By what contributed."""

from __future__ import annotations

import pytest

from dashboard.pages.alarms.similar import cosine, similar
from tests.dashboard.pages.alarms.alarm import alarm


def test_the_nearest_of_the_same_device_come_first():
    """Then those of others; what is not alike is left out, the newest of equals stays first."""
    now = alarm(9, "press", x=0.8, y=0.2)
    earlier = [
        alarm(8, "fan", x=0.8, y=0.2),
        alarm(7, "press", x=0.7, y=0.3),
        alarm(6, "press", x=0.8, y=0.2),
        alarm(5, "press", y=1.0),
        alarm(4, "press"),
    ]
    found = similar(now, earlier)
    assert [match.alarm.id for match in found] == [6, 7, 8]
    assert found[0].alike == pytest.approx(1.0)
    assert not similar(alarm(9, "press"), earlier)


def test_other_features_are_not_alike():
    """And nothing divides by nothing."""
    assert cosine({"x": 1.0}, {"y": 1.0}) == 0.0
    assert cosine({}, {"y": 1.0}) == 0.0
