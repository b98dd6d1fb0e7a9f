"""The temperature of the housing."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.machines.profile import BENIGN, CALM
from simulator.machines.thermal import AMBIENT_C, Thermometer

HOT = replace(CALM, heat_c=25.0, warm_up_min=(10.0, 10.0))


def warmed(seconds, habits=HOT, speed=1.0, load=0.0, seed=1):
    """Temperatures of a machine at constant speed, once a second."""
    meter = Thermometer(habits, np.random.default_rng(seed), warm=False)
    return meter.take(np.full(seconds, speed), np.full(seconds, load), 1.0)


def test_running_adds_25_degrees():
    """A machine at rated speed and load settles 25 °C above its surroundings."""
    assert warmed(20_000)[-1] == pytest.approx(AMBIENT_C + 25.0, abs=0.01)


def test_approach_has_its_time_constant():
    """After 10 minutes, the constant asked for, 1/e of what was missing is left."""
    missing = AMBIENT_C + 25.0 - warmed(1201)
    assert missing[600] / missing[0] == pytest.approx(np.exp(-1), rel=0.01)
    assert missing[1200] / missing[600] == pytest.approx(np.exp(-1), rel=0.01)


def test_time_constants_are_drawn_from_their_range():
    """Machines of the default habits take 10 to 40 minutes, each its own."""
    missing = [
        AMBIENT_C + 25.0 - warmed(601, replace(HOT, warm_up_min=(10.0, 40.0)), seed=seed)
        for seed in range(20)
    ]
    taus = [-10.0 / np.log(m[600] / m[0]) for m in missing]
    assert 10.0 <= min(taus) < 20.0
    assert 30.0 < max(taus) <= 40.0


def test_load_heats():
    """More load is warmer."""
    assert warmed(20_000, load=0.2)[-1] == pytest.approx(AMBIENT_C + 27.5, abs=0.01)


def test_standing_cools():
    """A machine that stands goes back to the temperature of its surroundings."""
    meter = Thermometer(HOT, np.random.default_rng(1), warm=True)
    meter.take(np.ones(6000), np.zeros(6000), 1.0)
    assert meter.take(np.zeros(9000), np.zeros(9000), 1.0)[-1] == pytest.approx(AMBIENT_C, abs=0.01)


def test_blocks_do_not_matter():
    """It is the same temperature however it is asked for."""
    meter = Thermometer(HOT, np.random.default_rng(1), warm=False)
    parts = [meter.take(np.ones(n), np.zeros(n), 1.0) for n in (1, 99, 500)]
    assert np.concatenate(parts) == pytest.approx(warmed(600))


def test_temperature_session_warms_up_by_degrees():
    """The session made to show it warms by more than 5 °C within five minutes."""
    risen = warmed(300, BENIGN["temperature"])
    assert risen[-1] - risen[0] > 5.0
