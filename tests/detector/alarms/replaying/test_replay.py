"""A replay passes over what changes nothing, and makes the alarms that the detector would have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detector.alarms.lifecycle import AlarmRule, AlarmState, Level, advance
from detector.alarms.replaying.replay import LEFT_OUT, Span, TooBusyError, replay

BELOW, ABOVE, STOPPED = int(Level.BELOW), int(Level.ABOVE), int(Level.STOPPED)
RUNS = st.lists(
    st.tuples(st.sampled_from([LEFT_OUT, *map(int, Level), ABOVE, ABOVE, BELOW, BELOW]),
              st.integers(1, 9)),
    max_size=40,
)  # fmt: skip
RULES = st.builds(
    lambda k, more, m, on, stop, start: AlarmRule(k, k + more, m, on, stop, start),
    st.integers(1, 3), st.integers(0, 3), st.integers(1, 6), st.sampled_from([0.0, 2.0, 5.0]),
    st.sampled_from([0.0, 3.0]), st.sampled_from([0.0, 4.0]),
)  # fmt: skip


def window_by_window(rule, ts, levels):
    """The alarms that the lifecycle itself makes."""
    told = ((t, None if level == LEFT_OUT else level) for t, level in zip(ts, levels, strict=True))
    spans = []
    for one in advance(rule, AlarmState(), told)[1]:
        if one.kind == "raised":
            spans.append(Span(one.start, one.ts, None))
        else:
            spans[-1] = Span(spans[-1].start, spans[-1].raised, one.ts)
    return spans


@settings(max_examples=300, deadline=None)
@example(  # a session begins while an alarm is up: what is below in its start-up does not count
    AlarmRule(1, 1, 3, 0.0, 5.0, 4.0),
    [(ABOVE, 5), (LEFT_OUT, 1), (int(Level.WARM_UP), 1), (ABOVE, 2), (BELOW, 3)],
)
@given(RULES, RUNS)
def test_the_same_as_window_by_window(rule, runs):
    """Whatever the windows say, left out or not judged ones among them."""
    levels = np.array([level for level, n in runs for _ in range(n)], np.int8)
    ts = np.arange(len(levels), dtype=float)
    assert replay(rule, ts, levels) == window_by_window(rule, ts.tolist(), levels.tolist())


def test_a_quiet_day_and_a_loud_one_are_passed_over():
    """Hours at 100 Hz with an alarm of an hour take a few thousand looks."""
    levels = np.zeros(1_440_000, np.int8)
    levels[1_000_000:1_360_000] = ABOVE
    ts = np.arange(len(levels)) / 100
    [span] = replay(AlarmRule(3, 5, 500), ts, levels, most_steps=5000)
    assert (span.start, span.raised) == (10_000.0, 10_000.02)
    assert span.end == 13_600 + 4.99


def test_what_crosses_all_the_time_is_refused():
    """An on-delay that never runs out, over a score that is above now and then."""
    levels = np.tile(np.array([ABOVE, BELOW, BELOW, BELOW], np.int8), 2500)
    with pytest.raises(TooBusyError):
        replay(AlarmRule(1, 1, 3, on_delay_s=60), np.arange(10_000.0), levels, most_steps=5000)
