"""When to learn, and when again: the numbers that are kept of a device."""

from __future__ import annotations

import numpy as np
import pytest

from detector.provisional.watch import FEWEST, HELD, MOST_TRIES, Learning, Probation, Stretch
from detector.records import Frame


def frame(start, n, crossed=0.0, judged=True):
    """``n`` scored samples, one a second, the given share of them above the threshold."""
    above = np.arange(n) < crossed * n
    return Frame(
        device="pump", session="#0", features=("a",), ts=start + np.arange(n, dtype=np.float64),
        values=np.zeros((n, 1), np.float32), reconstruction=np.zeros((n, 1), np.float32),
        score=np.where(above, 2.0, 0.5).astype(np.float32), mse=np.zeros(n, np.float32),
        judged=np.full(n, judged), threshold=1.0, contributions=np.zeros(1, np.float32),
        arrival=0.0,
    )  # fmt: skip


def times(start, end, step=1.0):
    """Sample times, one message each."""
    return [np.array([t]) for t in np.arange(start, end, step)]


def fed(stretch, messages):
    """A stretch that heard messages."""
    for ts in messages:
        stretch.add(ts)
    return stretch


def test_time_is_the_devices_own_without_its_pauses():
    """An hour of silence teaches nothing, a clock set back begins anew."""
    stretch = fed(Stretch(), times(0, 300))
    fed(stretch, times(3900, 4000))
    assert stretch.heard_s == pytest.approx(299 + 99)
    fed(stretch, times(100, 150))
    assert (stretch.start, stretch.heard_s, stretch.samples) == (100.0, 49.0, 50)


def test_a_slow_device_is_heard_too():
    """A sample every five minutes is no pause after pause."""
    assert fed(Stretch(), times(0, 30_000, 300.0)).heard_s == pytest.approx(29_700)


def test_minutes_and_samples_must_both_be_enough():
    """Ten minutes at one sample a minute hold nothing to learn from."""
    slow, fast = Learning(600.0), Learning(600.0)
    fed(slow.stretch, times(0, 700, 60.0))
    fed(fast.stretch, times(0, 602))
    assert (slow.is_due, fast.is_due) == (False, True)
    assert f"12 of {FEWEST} samples" in slow.reason
    assert Learning(600.0).reason == "learning: 0 of 10 minutes"


def test_it_waits_for_its_turn_and_then_for_more():
    """Nothing is asked for twice; each time it takes longer, and says why."""
    learning = Learning(600.0)
    fed(learning.stretch, times(0, 1001))
    learning.is_queued = True
    assert not learning.is_due
    learning.wait(120.0, "3 of 10 minutes of running")
    assert learning.wanted_s == 1200.0
    assert learning.reason == "learning: 17 of 20 minutes (3 of 10 minutes of running)"


def prove(probation, shares):
    """Stretches of 600 s, each with a share of crossings; how often it asked to learn again."""
    asked = 0
    for number, share in enumerate(shares):
        for start in range(0, 600, 20):
            asked += probation.add(frame(number * 600.0 + start, 20, share))
    return asked


def test_a_model_that_crosses_all_the_time_is_learnt_again():
    """Not before a stretch as long as it was learnt from has passed."""
    probation = Probation(600.0, 1)
    assert prove(probation, [0.5]) == 0
    assert probation.add(frame(600.0, 20, 0.5))


def test_a_model_that_held_is_never_learnt_again():
    """A fault that comes later stays a fault, however long."""
    probation = Probation(590.0, 1)
    prove(probation, [0.0] * (HELD + 1))
    assert probation.has_held


def test_there_is_an_end_to_learning_again():
    """The last model stays, whatever it says."""
    assert prove(Probation(590.0, MOST_TRIES), [1.0] * 5) == 0


def test_patience_doubles_when_it_is_no_better_time():
    """A machine that goes on changing is asked less and less often."""
    probation = Probation(590.0, 1)
    assert prove(probation, [1.0]) == 1
    probation.keep()
    assert prove(probation, [1.0]) == 0


def test_a_machine_that_stands_still_proves_nothing():
    """Neither that the model holds nor that it does not."""
    probation = Probation(590.0, 1)
    for start in range(0, 6000, 20):
        assert not probation.add(frame(float(start), 20, 1.0, judged=False))
    assert (probation.held, probation.has_held) == (0, False)
