"""Samples sent long after their time, between the live ones."""

from __future__ import annotations

import numpy as np

from detector.alignment.rules import Rules
from tests.detector.alignment.test_order import BATCH, batches, joined
from tests.support.messages import T0, Line, message

RULES = Rules(wait_s=1.0, hold_s=60.0, late_s=60.0, period_s=0.01, needed=frozenset("ab"))
HOUR = 3600.0


def between(live, backlog):
    """Live messages, from the tenth on with one of the backlog after each."""
    late = [(live[10 + i][0] + 0.01, one) for i, (_, one) in enumerate(backlog)]
    return sorted([*live, *late], key=lambda pair: pair[0])


def test_a_backlog_is_one_session_beside_the_live_one():
    """Neither loses a sample, and neither is cut by the other."""
    live, backlog = batches(60), batches(30, T0 - HOUR, seed=5)
    line = Line(RULES).play(between(live, backlog))
    np.testing.assert_array_equal(line.table()[1], joined(live)[0])
    np.testing.assert_array_equal(line.table()[2], joined(live)[1])
    np.testing.assert_array_equal(line.table(backlog=True)[1], joined(backlog)[0])
    np.testing.assert_array_equal(line.table(backlog=True)[2], joined(backlog)[1])
    assert line.aligner.counters("m")["backlog"] == 30 * BATCH


def test_a_backlog_in_any_order_is_sorted():
    """As the live samples are, within the wait."""
    live, backlog = batches(60), batches(30, T0 - HOUR, seed=5)
    swapped = [backlog[i ^ 1] for i in range(30)]
    line = Line(RULES).play(between(live, swapped))
    np.testing.assert_array_equal(line.table(backlog=True)[1], joined(backlog)[0])


def test_a_backlog_that_is_stored_already_changes_nothing():
    """Sent again after a crash, say."""
    live, backlog = batches(60), batches(30, T0 - HOUR, seed=5)
    ts = joined(backlog)[0]
    line = Line(RULES, spans=[(ts[0], ts[399])]).play(between(live, backlog))
    np.testing.assert_array_equal(line.table(backlog=True)[1], ts[400:])
    assert line.aligner.counters("m")["duplicate"] == 400


def test_a_clock_that_was_set_back_is_live_again():
    """Nothing live comes any more while the old times go on."""
    before, after = batches(40), batches(100, T0 - HOUR, seed=5)
    shifted = [(at + 10.5, one) for at, one in after]
    line = Line(RULES).play(before + shifted)
    ts = line.table()[1]
    assert ts[-1] == joined(after)[0][-1]
    old = line.table(backlog=True)[1]
    np.testing.assert_array_equal(np.sort(np.concatenate([old, ts[ts < T0 - 1]])),
                                  joined(after)[0])  # fmt: skip
    assert len(old) < 12 * 100


def test_samples_stored_before_a_restart_are_not_a_backlog():
    """The broker sends again what was not acknowledged; a little of it is stored."""
    live = batches(40)

    class Stored:
        """The newest frame of an earlier run."""

        features = ("a", "b")
        ts = joined(live)[0][:500]
        values = joined(live)[1][:500]

    line = Line(RULES, last=Stored()).play(live)
    np.testing.assert_array_equal(line.table()[1], joined(live)[0][500:])
    assert line.aligner.counters("m")["backlog"] == 0


def test_one_sample_of_long_ago_disturbs_nothing():
    """A device that sends a stray old value now and then."""
    live = batches(60)
    stray = [(at + 0.01, message(T0 - HOUR * (i + 1), a=1.0, b=1.0))
             for i, (at, _) in enumerate(live[20::4])]  # fmt: skip
    line = Line(RULES).play(live + stray)
    np.testing.assert_array_equal(line.table()[1], joined(live)[0])
    assert len(line.table(backlog=True)[1]) == 10
