"""Rules that change while a device is heard: nothing is lost, and nothing comes twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.detector.alignment.test_grid import PERIOD, RULES, apart, column
from tests.support.messages import T0, TICK_S, Line, message

CHANGE = 6.0


def played(timed, rules):
    """A line that goes by other rules from ``CHANGE`` on."""
    line = Line(RULES)
    for tick in np.arange(0, 14, TICK_S):
        line.now = tick
        if abs(tick - CHANGE) < TICK_S / 2:
            line.rules = rules
            line.aligner.follow()
        line.send(*(one for at, one in timed if tick - TICK_S < at <= tick))
    return line.rest()


@pytest.mark.parametrize(
    "rules",
    [
        RULES,
        replace(RULES, wait_s=0.5),
        replace(RULES, hold_s=2.0),
        replace(RULES, methods={"z": "hold"}),
        replace(RULES, needed=frozenset("xy")),
    ],
    ids=["same", "wait", "hold", "method", "needed"],
)
def test_rows_go_on_at_the_period(rules):
    """None is left out or repeated, whatever changed."""
    ts = played(apart(), rules).table()[1]
    np.testing.assert_allclose(np.diff(ts), PERIOD, atol=1e-6)
    assert ts[-1] == pytest.approx(T0 + 12, abs=0.21)


def test_another_period_goes_on_behind_the_last_row():
    """In steps of its own."""
    ts = played(apart(), replace(RULES, period_s=0.05)).table()[1]
    steps = np.round(np.diff(ts), 4)
    assert set(steps) <= {0.1, 0.05}
    assert (np.diff(np.flatnonzero(steps == 0.05)) == 1).all()  # once changed, always
    assert (steps == 0.05).sum() > 100


def test_the_same_rules_change_no_value():
    """To the last digit."""
    whole = Line(RULES)
    for tick in np.arange(0, 14, TICK_S):
        whole.now = tick
        whole.send(*(one for at, one in apart() if tick - TICK_S < at <= tick))
    whole.rest()
    for found, wanted in zip(played(apart(), RULES).table(), whole.table(), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_another_method_counts_from_then_on():
    """A channel that was a line is a step: values are those that were sent; no other changes."""
    held = replace(RULES, methods={"x": "hold"})
    sent = {float(one.values[0, 0]) for _, one in apart() if one.features == ("x",)}
    line, same = played(apart(), held), played(apart(), RULES)
    ts, x = column(line, "x")
    for name in "yzv":
        np.testing.assert_array_equal(column(line, name), column(same, name))
    is_sent = np.array([min(abs(value - one) for one in sent) < 1e-6 for value in x])
    assert is_sent[ts > T0 + CHANGE + 1.5].all()
    assert not is_sent[ts < T0 + CHANGE - 1.5].any()


def test_channels_that_another_model_needs_make_a_row_whole():
    """A channel that the new model does not need is not waited for."""
    both = replace(RULES, period_s=1.0, needed=frozenset("ab"))
    line = Line(both)
    line.play([(float(i), message(T0 + i, a=1.0, b=2.0)) for i in range(8)])
    line.rules = replace(both, needed=frozenset("a"))
    line.aligner.follow()
    said = line.send(message(T0 + 8, a=1.0))
    assert len(said) == 1
