"""Limits around a machine's own level hold whichever minute it was learnt in."""

from __future__ import annotations

import numpy as np
import pytest

from detector.normal.level import levels, widest
from detector.normal.terms import Terms
from detector.training.fitting.limits import Machine, limits_of

LOAD, N = 0.5, 400


def machine_under_load():
    """A column whose spread and mean are higher in the second half, where a load is on."""
    rng, on = np.random.default_rng(0), np.repeat([0.0, 1.0], N // 2)[:, None]
    log_mse, mean = LOAD * on + rng.normal(0, 0.01, (N, 1)), 0.2 * on
    terms = Terms(log_mse, mean**2, log_mse + 1, np.zeros((N, 1)), mean)
    judged = np.ones(N, np.bool_)
    low, high = widest(levels(terms.log_mse, terms.log_peak, terms.mean, judged, 100))
    return Machine(terms, judged, low, high)


@pytest.mark.parametrize(("width", "is_long"), [(1, False), (20, True)])
def test_limits_reach_from_any_level_to_any_window(width, is_long):
    """A machine learnt under load may lose it, and the other way round."""
    found = limits_of([machine_under_load()], width, is_long=is_long)
    for [reach] in (found.spread_low, found.spread_high, found.peak_high):
        assert reach == pytest.approx(LOAD, abs=0.05)
    assert found.shift_scale[0] == pytest.approx(0.2**2, rel=0.01)


def test_what_is_not_judged_sets_no_limit():
    """A ramp between the two is none of its states."""
    made = machine_under_load()
    made.terms.log_mse[150:160] = 9.0
    made.judged[150:160] = False
    assert limits_of([made], 1, is_long=False).spread_high[0] < 1
    assert limits_of([made], 20, is_long=True).spread_high[0] < 1
