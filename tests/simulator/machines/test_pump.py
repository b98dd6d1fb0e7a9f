"""The slow channels of a pump."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.machines.designs import MOTORS
from simulator.machines.motor import Motor, Samples
from simulator.machines.profile import BENIGN, CALM, STEADY
from simulator.machines.pump import COLUMNS, NOISE, slow_channels

RATED_RPM = 1200.0


def steady(speed=1.0, load=0.0, supply=1.0, cavitation=0.0, seconds=120):
    """The mean of each slow channel, settled, at a constant operating point."""
    n = seconds * 100
    fast = Samples(
        np.arange(n) / 100.0,
        np.zeros((n, 3)),
        *(np.full(n, value) for value in (speed * RATED_RPM, load, supply, 40.0)),
    )
    slow = slow_channels(
        fast, rated_rpm=RATED_RPM, rate_hz=100.0, cavitation=np.full(n, cavitation), seed=1
    )
    return dict(zip(COLUMNS, slow.values[10:].mean(axis=0), strict=True))


@pytest.mark.parametrize("speed", [0.5, 0.8])
def test_affinity_laws(speed):
    """Flow follows the speed, pressure its square, and the current's load part its cube."""
    slow, rated = steady(speed), steady()
    assert slow["flow_l_min"] / rated["flow_l_min"] == pytest.approx(speed, rel=0.01)
    assert slow["pressure_bar"] / rated["pressure_bar"] == pytest.approx(speed**2, rel=0.01)
    assert slow["current_a"] / rated["current_a"] == pytest.approx(speed**3, abs=0.02)


def test_load_step_costs_current():
    """15 % more load is 30 % more current, more flow and less pressure."""
    more, rated = steady(load=0.15), steady()
    assert more["current_a"] / rated["current_a"] == pytest.approx(1.30, abs=0.02)
    assert more["flow_l_min"] > 1.1 * rated["flow_l_min"]
    assert more["pressure_bar"] < 0.95 * rated["pressure_bar"]


def test_cavitation_lowers_pressure():
    """A pump that cavitates loses pressure and flow, in proportion to its severity."""
    half, full, rated = steady(cavitation=0.5), steady(cavitation=1.0), steady()
    for column in ("pressure_bar", "flow_l_min"):
        lost = [1.0 - x[column] / rated[column] for x in (half, full)]
        assert lost == pytest.approx([0.075, 0.15], abs=0.02)


def test_sag_raises_current():
    """The power stays, so 10 % less voltage is 11 % more current."""
    assert steady(supply=0.9)["current_a"] / steady()["current_a"] == pytest.approx(1.11, abs=0.01)


def test_standstill():
    """A pump that stands has no pressure and no flow to speak of."""
    idle = steady(speed=0.0)
    assert idle["pressure_bar"] < 0.02
    assert idle["flow_l_min"] < 1.0
    assert idle["current_a"] < 0.1


def test_one_row_a_second():
    """There is a row for each whole second, and what is left over is left out."""
    motor = Motor(MOTORS["pump-1200"], seed=7, habits=replace(CALM, durations=STEADY))
    fast = motor.block(6050)
    slow = slow_channels(
        fast, rated_rpm=RATED_RPM, rate_hz=100.0, cavitation=np.zeros(6050), seed=7
    )
    assert slow.values.shape == (60, len(COLUMNS))
    assert np.diff(slow.ts) == pytest.approx(np.ones(59))
    assert slow.rpm == pytest.approx(fast.rpm[:6000].reshape(60, 100).mean(axis=1), abs=0.051)


def test_vibration_is_that_of_the_fast_samples():
    """The velocity of a healthy pump is the 0.35 mm/s of its motor."""
    habits = replace(CALM, durations=STEADY)
    motor = Motor(MOTORS["pump-1200"], seed=7, habits=habits, begin_running=True)
    slow = slow_channels(
        motor.block(3000), rated_rpm=RATED_RPM, rate_hz=100.0, cavitation=np.zeros(3000), seed=7
    )
    assert slow.values[:, 0].mean() == pytest.approx(0.37, abs=0.04)


def test_a_load_step_of_the_profile_arrives():
    """When the machine is loaded, the current follows; correlation tells, not one row."""
    motor = Motor(MOTORS["pump-1200"], seed=7, habits=BENIGN["load_step"], begin_running=True)
    fast = motor.block(12_000)
    slow = slow_channels(
        fast, rated_rpm=RATED_RPM, rate_hz=100.0, cavitation=np.zeros(12_000), seed=7
    )
    load = fast.load.reshape(120, 100).mean(axis=1)
    assert np.corrcoef(load, slow.values[:, COLUMNS.index("current_a")])[0, 1] > 0.95


def test_the_seed_decides_the_noise():
    """Transmitters are noisy by what is stated, and the same seed is the same noise."""
    fast = Samples(np.arange(9000) / 100.0, np.zeros((9000, 3)), *(np.ones(9000) for _ in range(4)))
    one, same, other = (
        slow_channels(fast, rated_rpm=1.0, rate_hz=100.0, cavitation=np.zeros(9000), seed=s).values
        for s in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one[10:, 2].std() == pytest.approx(NOISE[2], rel=0.4)
