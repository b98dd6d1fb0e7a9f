"""How a machine is run: states, load steps, sags, and the list of what happened."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import SimulatorError
from simulator.machines.profile import (
    BENIGN,
    CALM,
    CONTROL_HZ,
    LONG_RUN,
    STEADY,
    Durations,
    Habits,
    OperatingProfile,
    benign_named,
)

RUN = Durations(run=LONG_RUN)
SEEDS = st.integers(0, 1000)


def profile(seed, habits, *, begin_running=True):
    """An operating profile of a seed."""
    return OperatingProfile(np.random.default_rng(seed), habits=habits, begin_running=begin_running)


def pieces(events, kind, values):
    """The values during each event of a kind that was over when they ended."""
    for event in events:
        start, end = (round(t * CONTROL_HZ) for t in (event.start_s, event.end_s))
        if event.name == kind and end <= len(values):
            yield values[start:end]


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_load_steps(seed):
    """A load step of 10-20 % costs 0.5-1 % of speed for as long as it lasts."""
    machine = profile(seed, BENIGN["load_step"])
    taken = machine.take(30_000)
    steps = list(pieces(machine.events, "load_step", np.arange(30_000)))
    assert steps
    for rows in steps:
        assert 0.10 <= taken.load[rows].max() <= 0.20
        assert 0.005 <= 1.0 - taken.speed[rows].min() <= 0.01
        assert 10.0 <= len(rows) / CONTROL_HZ <= 30.0


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_sags(seed):
    """The supply sags by 10 % for 0.2 to 2 s, and the machine hardly slows."""
    machine = profile(seed, BENIGN["sag"])
    taken = machine.take(30_000)
    sags = list(pieces(machine.events, "sag", np.arange(30_000)))
    assert sags
    for rows in sags:
        assert taken.supply[rows].min() == pytest.approx(0.90)
        assert 0.2 <= len(rows) / CONTROL_HZ <= 2.0
        assert 0.99 < taken.speed[rows].min() < 1.0


@pytest.mark.parametrize("seed", range(5))
def test_direct_start(seed):
    """A motor put on line follows 1 - exp(-t/τ), τ between 0.5 and 1.5 s."""
    habits = replace(CALM, direct_start=1.0, durations=replace(STEADY, idle=(5.0, 5.0)))
    speed = profile(seed, habits, begin_running=False).take(1400).speed
    risen = speed[500 : 500 + np.argmax(speed[500:] == 1.0)]
    slopes = np.diff(np.log(1.0 - risen))
    assert slopes == pytest.approx(np.full(len(slopes), slopes[0]))
    assert 0.5 <= -1.0 / (slopes[0] * CONTROL_HZ) <= 1.5


@pytest.mark.parametrize("seed", range(5))
def test_ramped_start(seed):
    """The others rise evenly within 2 to 6 s."""
    habits = replace(CALM, durations=replace(STEADY, idle=(5.0, 5.0)))
    speed = profile(seed, habits, begin_running=False).take(1500).speed
    rising = speed[(speed > 0) & (speed < 1)]
    assert np.diff(rising) == pytest.approx(np.full(len(rising) - 1, rising[0]))
    assert 2.0 <= len(rising) / CONTROL_HZ <= 6.1


@pytest.mark.parametrize("seed", range(5))
def test_coast_down(seed):
    """Switched off, the speed falls exponentially, τ between 3 and 10 s, to a standstill."""
    habits = replace(CALM, durations=Durations(run=(5.0, 5.0), idle=(5.0, 5.0)))
    speed = profile(seed, habits).take(6000).speed
    coast = speed[500 : 500 + np.argmax(speed[500:] == 0.0)]
    slopes = np.diff(np.log(coast))
    assert slopes == pytest.approx(np.full(len(slopes), slopes[0]))
    assert 3.0 <= -1.0 / (slopes[0] * CONTROL_HZ) <= 10.0
    assert coast[-1] < 0.011


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.lists(st.integers(1, 9000), min_size=1, max_size=6))
def test_events_are_what_was_taken(seed, sizes):
    """Load, supply and standstill differ from a plain run within the listed events, only there."""
    machine = profile(seed, Habits(), begin_running=False)
    parts = [machine.take(size) for size in sizes]
    names = ("speed", "load", "supply")
    speed, load, supply = (np.concatenate([getattr(p, n) for p in parts]) for n in names)
    inside = {
        kind: np.zeros(len(speed), bool)
        for kind in ("idle", "start", "coast_down", "load_step", "sag")
    }
    for event in machine.events:
        first, last = (round(t * CONTROL_HZ) for t in (event.start_s, event.end_s))
        inside[event.name][first:last] = True
    assert np.array_equal(load > 0, inside["load_step"])
    assert np.array_equal(supply < 1, inside["sag"])
    assert np.array_equal(speed == 0, inside["idle"])
    other = np.any(list(inside.values()), axis=0)
    assert (speed[~other] == 1.0).all()


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_many_speeds(seed):
    """On an inverter a run holds speeds of its range and goes from one to the next by a ramp."""
    habits = replace(CALM, speeds=(0.4, 1.0), durations=Durations(run=(200.0, 300.0)))
    machine = profile(seed, habits)
    taken = machine.take(60_000)
    changes = list(pieces(machine.events, "speed", np.arange(60_000)))
    assert len(changes) >= 3
    for rows in changes:
        before, after = taken.speed[rows[0] - 1], taken.speed[rows[-1]]
        assert 0.4 <= before <= 1.0
        assert 0.4 <= after <= 1.0
        steps = np.diff(taken.speed[rows]) * CONTROL_HZ
        if len(rows) > 10:
            assert 0.015 <= np.abs(steps).max() <= 0.21
    driven = taken.supply == 1.0
    idle = [rows for kind in ("idle", "start", "coast_down") for rows in pieces(
        machine.events, kind, np.arange(60_000))]  # fmt: skip
    driven[np.concatenate(idle)] = False
    last = max(int(rows[-1]) for rows in [*idle, *changes])
    assert (taken.speed[:last][driven[:last]] >= 0.4).all()
    assert np.abs(np.diff(taken.speed)).max() <= 0.02  # no leap at a start or a coast-down


def test_run_left_counts_down():
    """What is left of the run shrinks as it is taken, and is 0 in other states."""
    machine = profile(3, replace(CALM, durations=Durations(run=(10.0, 10.0))))
    machine.take(400)
    assert machine.run_left_s == pytest.approx(6.0)
    machine.take(700)
    assert machine.run_left_s == 0.0


@pytest.mark.parametrize("kind", ["load_step", "sag"])
def test_benign_session_shows_its_kind(kind):
    """A session made to show one kind of event shows it within a minute, and no other."""
    machine = profile(3, benign_named(kind))
    machine.take(6000)
    assert {event.name for event in machine.events} == {kind}


def test_start_stop_session():
    """It starts and stops again and again, directly and by ramps."""
    machine = profile(3, benign_named("start_stop"), begin_running=False)
    machine.take(60_000)
    names = [event.name for event in machine.events]
    assert names[:6] == ["idle", "start", "coast_down"] * 2
    assert names.count("start") >= 6


@pytest.mark.parametrize(
    ("kind", "differs"),
    [("temperature", {"heat_c", "warm_up_min"}), ("wander", {"wander"})],
)
def test_quiet_kinds_change_one_habit(kind, differs):
    """A temperature or wander session is calm in all else."""
    plain = replace(CALM, durations=STEADY)
    changed = {n for n in vars(plain) if getattr(plain, n) != getattr(benign_named(kind), n)}
    assert changed == differs


@pytest.mark.parametrize("kind", BENIGN)
def test_every_benign_kind_is_found(kind):
    """Each is found by its name."""
    assert benign_named(kind) is BENIGN[kind]


def test_unknown_benign_event_is_refused():
    """A kind nobody knows is refused with those that there are."""
    allowed = "start_stop, load_step, sag, temperature, wander"
    with pytest.raises(SimulatorError, match=f"unknown benign event 'storm'; allowed: {allowed}"):
        benign_named("storm")
