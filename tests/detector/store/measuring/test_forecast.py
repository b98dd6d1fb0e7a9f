"""How long there is room, from numbers alone."""

from __future__ import annotations

import math

import pytest

from detector.store.measuring.forecast import Flow, days_until

EVER = math.inf


@pytest.mark.parametrize(
    ("room", "flows", "days"),
    [
        (10.0, [Flow(1.0, EVER)], 10.0),
        (10.0, [Flow(1.0, 9.0)], None),  # as much goes as comes by then
        (10.0, [Flow(1.0, 10.0)], 10.0),
        (10.0, [Flow(4.0, 2.0), Flow(1.0, EVER)], 2.0),
        (10.0, [Flow(3.0, 2.0), Flow(1.0, EVER)], 4.0),  # 8 in two days, 2 in two more
        (10.0, [Flow(0.0, 5.0), Flow(1.0, 20.0)], 10.0),
        (10.0, [], None),
        (0.0, [Flow(1.0, EVER)], 0.0),
        (-5.0, [], 0.0),
        (EVER, [Flow(1.0, EVER)], None),
        (10.0, [Flow(0.0, EVER)], None),
    ],
)
def test_room_lasts_until_what_comes_has_filled_it(room, flows, days):
    """Each tier grows until its age takes as much as comes."""
    assert days_until(room, flows) == days
