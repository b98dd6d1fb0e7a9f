"""The figures, counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.alarms.figures import DAY_S, FLOOD_S, figures, flood_s
from detector.records import Alarm


def alarm(number, raised_at, device="m", kind="score", **more):
    """One that was told at a time."""
    return Alarm(
        number, device, kind, more.pop("state", "cleared"), 0.0, 1.0, 2.0, {}, "", 1.0,
        raised_at=raised_at, **more,
    )  # fmt: skip


def test_rate_and_top_ten():
    """Per hour and operator; the most first, by device and kind."""
    told = [alarm(n, 60.0 * n, device=f"m{n % 12}") for n in range(13)]
    found = figures(told, [], 0.0, 6.5 * 3600, operators=2)
    assert (found.alarms, found.hours, found.per_operator_hour) == (13, 6.5, 1.0)
    assert len(found.top) == 10
    assert (found.top[0].device, found.top[0].alarms) == ("m0", 2)
    assert found.top[0].share == pytest.approx(2 / 13)


def test_nothing_is_no_division_by_zero():
    """A store of this moment."""
    found = figures([], [], 5.0, 5.0, operators=1)
    assert (found.per_operator_hour, found.flood_share, found.top) == (None, 0.0, ())


def test_three_within_a_minute_chatter():
    """Of one kind of one device; not three within just a minute."""
    chatters = [alarm(n, t) for n, t in enumerate((0.0, 30.0, 59.9))]
    calm = [alarm(n, t, device="calm") for n, t in enumerate((0.0, 30.0, 60.0, 120.0))]
    found = figures(chatters + calm, [], 0.0, 3600.0, operators=1)
    assert [(point.device, point.alarms) for point in found.chattering] == [("m", 3)]


def test_a_day_old_alarm_is_stale():
    """Active and told; not what returned, nor what was held back."""
    old = {"raised_at": 0.0, "state": "active"}
    still = [alarm(1, **old), alarm(2, 100.0, state="active"), alarm(3, 0.0),
             alarm(4, None, state="active")]  # fmt: skip
    assert figures([], still, 0.0, DAY_S + 50, operators=1).stale == (1,)


def test_a_flood_begins_above_ten_and_ends_below_five():
    """Eleven at one moment: ten minutes; ten: none; one that goes on counts until now."""
    assert flood_s([100.0] * 11, 1e6) == FLOOD_S
    assert flood_s([100.0] * 10, 1e6) == 0.0
    assert flood_s([100.0] * 11, 400.0) == 300.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 50), max_size=60), st.integers(50, 120))
def test_flood_is_what_a_count_at_each_step_says(at, end):
    """The rule spelt out, step by step of half a minute."""
    at = sorted(at)
    is_flood, total = False, 0
    for step in range(end):
        count = sum(t <= step < t + FLOOD_S / 30 for t in at)
        is_flood = count > 10 or (is_flood and count >= 5)
        total += is_flood
    assert flood_s([30.0 * t for t in at], 30.0 * end) == 30.0 * total


def test_answers_and_verdicts_are_counted():
    """The mean over those that were answered; a verdict counts once, the newest."""
    told = [
        alarm(1, 10.0, acknowledged_at=20.0, verdict="real"),
        alarm(2, 10.0, acknowledged_at=40.0, verdict="false"),
        alarm(3, 10.0, life="returned", verdict="real"),
    ]
    found = figures(told, [told[2]], 0.0, 3600.0, operators=1)
    assert (found.acknowledged, found.mean_time_to_acknowledge_s) == (2, 20.0)
    assert found.open_unacknowledged == 1
    assert found.verdicts == {"real": 2, "false": 1, "known": 0, "none": 0}
