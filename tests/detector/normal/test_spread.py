"""How far a machine may lie from where its conditions put it, and how surely it is known."""

from __future__ import annotations

import numpy as np
import pytest

from detector.normal.conditions import Conditions
from detector.normal.spread import Machines, Spread, fit_spread

PERIOD_S = 0.5
CONDITIONS = Conditions(("rpm", "temp_c"), (400.0, 20.0), (1600.0, 40.0), ((0.0,) * 5,), knots=5)
BETWEEN, WITHIN, WARMING = 4.0, np.array([4.0, 1.0, 0.25, 0.25, 0.25]), 9.0
KNOWN = Machines(
    CONDITIONS,
    Spread(between=(BETWEEN,), within=(tuple(WITHIN.tolist()),), away=((WARMING,),), at=(0.0,)),
)


def running(rpm, temp_c, n=120):
    """A minute at these conditions, shape (n, 2)."""
    return np.column_stack([np.broadcast_to(rpm, n), np.broadcast_to(temp_c, n)])


def learnt(given, offset):
    """The level of a machine that is exactly so far away."""
    return KNOWN.level(np.full((len(given), 1), offset), given, PERIOD_S)


def test_a_level_is_nearer_to_the_fleets_the_less_of_it_was_seen():
    """A second leaves more than half of the doubt, a minute at several speeds hardly any."""
    brief = learnt(running(400.0, 30.0, n=2), 3.0)
    long = learnt(running(np.linspace(400.0, 1600.0, 120), 30.0), 3.0)
    assert 0 < brief.offset[0] < 1.5
    assert brief.uncertain[0] > BETWEEN / 2
    assert long.offset[0] == pytest.approx(3.0, rel=0.05)
    assert long.uncertain[0] < 0.1


def test_a_speed_at_which_machines_differ_says_less_of_the_others():
    """As a resonance does; the limits are wider then, at every speed."""
    there, elsewhere = learnt(running(400.0, 30.0), 3.0), learnt(running(1600.0, 30.0), 3.0)
    assert there.offset[0] < elsewhere.offset[0]
    calm = running(800.0, 30.0, n=1)
    assert KNOWN.deviation(there, calm) > 1.5 * KNOWN.deviation(elsewhere, calm)


def test_who_has_warmed_up_since_may_be_farther_away():
    """By as much as sensors drift; where it was learnt makes no difference."""
    cold, warm = (learnt(running(800.0, temp_c), 0.0) for temp_c in (20.0, 40.0))
    at = running(800.0, 40.0, n=1)
    assert KNOWN.deviation(cold, at)[0, 0] ** 2 == pytest.approx(
        KNOWN.deviation(warm, at)[0, 0] ** 2 + WARMING
    )


def test_of_a_column_that_was_not_shown_nothing_is_known():
    """Its level is the fleet's, and as far away as any machine's may be."""
    level = KNOWN.level(np.full((120, 1), np.nan), running(800.0, 30.0), PERIOD_S)
    assert (level.offset[0], level.uncertain[0]) == (0.0, BETWEEN)


def machines(count, seed):
    """Sessions of machines as ``KNOWN`` has them, whose sensors drift each its own way."""
    rng = np.random.default_rng(seed)
    n, away, given = 800, [], []
    for _ in range(count):
        rpm = 400.0 * 4 ** rng.uniform(0, 1, n)
        there = np.column_stack([rpm, np.linspace(20.0, 40.0, n)])
        noise = rng.normal(0, 1, n) * np.sqrt(CONDITIONS.places(there) @ WITHIN)
        warming = rng.normal(0, WARMING**0.5) * np.linspace(0.0, 1.0, n)
        away.append((rng.normal(0, BETWEEN**0.5) + noise + warming)[:, None])
        given.append(there)
    return away, given


def test_what_is_fitted_holds_for_machines_that_were_not_seen():
    """Distances are about 1 deviation at each speed, cold or warm, known or not."""
    fitted = fit_spread(
        CONDITIONS, *machines(40, 1), np.array([1e-4]), period_s=PERIOD_S, learn_s=30
    )
    assert fitted.fit(1)
    found = []
    for away, given in zip(*machines(60, 2), strict=True):
        level = fitted.level(away[:60], given[:60], PERIOD_S)
        far = ((away - level.offset) / fitted.deviation(level, given))[60:, 0]
        by_speed = np.array_split(far[np.argsort(given[60:, 0])], 4)
        found.append([(part**2).mean() for part in (*by_speed, *np.array_split(far, 4))])
    np.testing.assert_allclose(np.sqrt(np.mean(found, axis=0)), 1.0, atol=0.25)


def test_rows_that_do_not_go_with_the_conditions_are_told():
    """One place too few, as after a hand in a file."""
    spread = Spread(between=(1.0,), within=((1.0,) * 4,), away=((1.0,),), at=(0.0,))
    assert KNOWN.fit(1)
    assert not Machines(CONDITIONS, spread).fit(1)
    assert not KNOWN.fit(2)
