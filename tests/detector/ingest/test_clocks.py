"""Device clocks that are off: measured, and replaced where that is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from detector.ingest.clocks import ClockRules, Clocks
from tests.support.messages import T0, message


def clocks(*, is_replaced=False):
    """With a limit of five seconds."""
    return Clocks(5.0, lambda _: is_replaced)


def heard(made, behind_s, *, start=0.0, delays=(0.05,), count=60):
    """Messages a second of a clock that is behind; their samples as they go on."""
    out = []
    for i in range(count):
        now = T0 + start + i
        ts = now - behind_s + np.arange(-9, 1) * 0.1
        delay = delays[i % len(delays)]
        out.append(made.settle("m", message(ts, a=1.0), now + delay).ts)
    return np.concatenate(out)


@pytest.mark.parametrize("behind_s", [0.0, 3600.0, -86_400.0])
def test_the_offset_is_that_of_the_quickest_message(behind_s):
    """A network's delay is no fault of the clock."""
    made = clocks()
    heard(made, behind_s, delays=(0.02, 3.0, 1.0))
    assert made.offset_s("m") == pytest.approx(behind_s + 0.02, abs=1e-3)


def test_late_messages_after_a_quick_one_change_nothing():
    """Nine in ten are held up somewhere."""
    made = clocks()
    heard(made, 0.0, delays=(0.02, *(3.0,) * 9), count=59)
    assert made.offset_s("m") == pytest.approx(0.02, abs=1e-3)


def test_a_clock_that_is_set_is_measured_anew():
    """Within two whiles, forwards and backwards."""
    made = clocks()
    heard(made, 0.0)
    heard(made, 7200.0, start=60)
    assert made.offset_s("m") == pytest.approx(7200, abs=0.1)
    heard(made, 0.0, start=120)
    assert made.offset_s("m") == pytest.approx(0, abs=0.1)


def test_times_stay_the_devices_own_unless_asked_for():
    """However wrong they are."""
    ts = heard(clocks(), 3600.0)
    assert ts[-1] == T0 + 59 - 3600


def test_a_wrong_clock_gives_way_to_arrival():
    """The spacing stays as it was, whatever the delays."""
    ts = heard(clocks(is_replaced=True), 3600.0, delays=(0.02, 0.9, 0.3))
    assert ts[-1] == pytest.approx(T0 + 59, abs=1.0)
    np.testing.assert_allclose(np.diff(ts), 0.1, atol=1e-6)


def test_a_right_clock_is_kept_where_a_wrong_one_would_be_replaced():
    """It is better than any arrival."""
    ts = heard(clocks(is_replaced=True), 0.3, delays=(0.02, 0.9))
    assert ts[-1] == T0 + 59 - 0.3


def test_a_clock_that_jumps_is_followed():
    """One step where it was set, and its own spacing again."""
    made = clocks(is_replaced=True)
    ts = np.concatenate([heard(made, 3600.0), heard(made, -7200.0, start=60)])
    assert ts[-1] == pytest.approx(T0 + 119, abs=1.0)
    assert (np.abs(np.diff(ts) - 0.1) > 1e-6).sum() <= 1


def test_each_device_has_its_own():
    """And an unknown one has none."""
    made = clocks()
    heard(made, 10.0)
    made.settle("other", message(T0, a=1.0), T0 + 77)
    assert made.offset_s("other") == pytest.approx(77)
    assert made.offset_s("nobody") is None


def test_other_rules_count_from_the_next_message_on():
    """Of a device that is known already, whichever way they change."""
    made, sent = clocks(), message(1000.0, a=1.0)
    assert made.settle("m", sent, 5000.0).ts[0] == 1000
    made.follow(ClockRules(5.0, lambda _: True))
    assert made.settle("m", sent, 5000.0).ts[0] == 5000
    made.follow(ClockRules(5.0, lambda _: False))
    assert made.settle("m", sent, 5000.0).ts[0] == 1000
    assert made.offset_s("m") == 4000
