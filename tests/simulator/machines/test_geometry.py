"""Bearings: the orders of their defects, and geometry that cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import SimulatorError
from simulator.machines.geometry import BEARINGS, Bearing, bearing_named


@st.composite
def bearings(draw):
    """Any bearing whose balls fit side by side."""
    balls, pitch_mm = draw(st.integers(3, 40)), draw(st.floats(5.0, 500.0))
    share = draw(st.floats(0.05, 0.999))
    ball_mm = share * pitch_mm * np.sin(np.pi / balls)
    return Bearing(balls, ball_mm, pitch_mm, draw(st.floats(0.0, 60.0)))


@pytest.mark.parametrize(
    ("name", "orders"),
    [("6205", (0.398, 3.585, 5.415, 2.357)), ("6204", (0.382, 3.052, 4.948, 1.991))],
)
def test_orders_of_known_bearings(name, orders):
    """Cage, outer and inner ring as published; a ball strikes at twice its spin."""
    bearing, (cage, outer, inner, spin) = BEARINGS[name], orders
    found = (bearing.cage, bearing.outer, bearing.inner, bearing.ball)
    assert found == pytest.approx((cage, outer, inner, 2 * spin), abs=1.1e-3)


@given(bearings())
def test_rings_share_the_balls(bearing):
    """BPFO and BPFI add up to the number of balls."""
    assert bearing.outer + bearing.inner == pytest.approx(bearing.balls)


@given(bearings())
def test_orders_are_ordered(bearing):
    """The cage is slower than half a turn and than all that strikes; the outer ring than BPFI."""
    assert 0 < bearing.cage < 0.5
    assert bearing.cage < bearing.outer < bearing.balls / 2 < bearing.inner
    assert bearing.cage < bearing.ball
    assert bearing.outer == pytest.approx(bearing.balls * bearing.cage)


@given(bearings())
def test_contact_angle_brings_the_rings_together(bearing):
    """Seen along a contact angle, the balls are smaller: inner and outer order draw nearer."""
    straight = Bearing(bearing.balls, bearing.ball_mm, bearing.pitch_mm)
    assert bearing.inner - bearing.outer <= straight.inner - straight.outer


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("2,7.94,39", "3 or more balls"),
        ("9,0,39", "smaller than the pitch circle"),
        ("9,-1,39", "smaller than the pitch circle"),
        ("9,40,39", "smaller than the pitch circle"),
        ("9,nan,39", "smaller than the pitch circle"),
        ("9,7.94,inf", "a finite pitch circle"),
        ("9,14,39", "at most 13.34 mm, or they would overlap"),
        ("9,7.94,39,90", "0 to below 90"),
        ("9,7.94,39,-5", "0 to below 90"),
        ("6299", "6204, 6205, or BALLS,BALL_MM,PITCH_MM"),
        ("9,7.94", "6204, 6205, or BALLS,BALL_MM,PITCH_MM"),
        ("nine,7.94,39", "6204, 6205, or BALLS,BALL_MM,PITCH_MM"),
        ("9,7.94,wide", "6204, 6205, or BALLS,BALL_MM,PITCH_MM"),
    ],
)
def test_impossible_bearing_is_refused(text, allowed):
    """Geometry that cannot be is refused in one line that says what can."""
    with pytest.raises(SimulatorError) as refused:
        bearing_named(text)
    line = str(refused.value)
    assert allowed in line
    assert "\n" not in line


def test_bearing_is_read_from_its_geometry():
    """A known name and its numbers are the same bearing."""
    assert bearing_named("9,7.94,39.04") == bearing_named("6205")
    assert bearing_named("9,7.94,39.04,15").contact_deg == 15.0
