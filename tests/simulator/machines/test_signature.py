"""What a healthy machine does to its housing."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.machines.designs import MOTORS, MotorDesign, Unit, design_for
from simulator.machines.shaft import Turn
from simulator.machines.signature import SUPPORT_GAIN, Noise, Signature
from tests.support.vibration import INTERNAL_HZ, shaken

QUIET = replace(MOTORS["motor-600"], floor_mg=(0.0, 0.0, 0.0), harmonics=(1.0,), phases=(0.0,))
EVEN = Unit(1.0, np.zeros(1))


def first(design, speed, load=0.0):
    """Peak horizontal acceleration at a constant speed over that of 1x at rated speed."""
    n = 40_000
    angle = 2 * np.pi * design.rated_hz * speed * np.arange(1, n + 1) / INTERNAL_HZ
    turn = Turn(INTERNAL_HZ, angle, np.full(n, speed), np.full(n, load))
    rng = np.random.default_rng(0)
    seen = Signature(design, EVEN, INTERNAL_HZ, rng).shake(turn)[:, 0]
    return np.abs(seen).max() / design.peak_g(design.velocity_mm_s)


def test_support_resonates_in_passing():
    """On the way through 7.5 Hz, 1x is three times what its speed would make it."""
    assert first(QUIET, 0.75) / 0.75**2 == pytest.approx(SUPPORT_GAIN, rel=0.01)


@pytest.mark.parametrize("speed", [0.3, 0.5, 1.0])
def test_support_is_silent_away_from_its_resonance(speed):
    """Well below and above, 1x follows the square of speed alone."""
    assert first(QUIET, speed) / speed**2 == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize("rpm", [30.0, 100.0, 300.0, 450.0, 600.0, 1200.0, 3000.0])
def test_support_does_not_resonate_at_rated_speed(rpm):
    """Whatever its speed, a machine passes the resonance and does not stay in it."""
    design = replace(design_for(rpm), floor_mg=(0.0, 0.0, 0.0), harmonics=(1.0,), phases=(0.0,))
    assert first(design, 1.0) == pytest.approx(1.0, rel=0.02)


def test_load_raises_first_order():
    """15 % more load is 15 % more 1x."""
    assert first(QUIET, 1.0, load=0.15) == pytest.approx(1.15, rel=0.01)


@pytest.mark.parametrize("rpm", [600, 1200])
def test_harmonics(rpm):
    """2x has 25 % of the velocity of 1x and 3x 12 %."""
    lines = [shaken(rpm).order_g(order, 0.03)[0] / order for order in (1.0, 2.0, 3.0)]
    assert lines[1] / lines[0] == pytest.approx(0.25, rel=0.1)
    assert lines[2] / lines[0] == pytest.approx(0.12, rel=0.2)


def test_tone_formula():
    """2.8 mm/s is 25 mg peak at 600 rpm and 51 mg at 1200."""
    peaks = [1e3 * MotorDesign(rpm=rpm).peak_g(2.8) for rpm in (600.0, 1200.0)]
    assert peaks == pytest.approx([25.4, 50.7], abs=0.1)


def test_noise_has_rms_one_within_its_band():
    """Band noise has the rms it is scaled by, nearly all of it within its edges."""
    noise = Noise((500.0, 5000.0), INTERNAL_HZ, np.random.default_rng(0)).take(200_000)
    assert noise.std(axis=0) == pytest.approx(np.ones(3), rel=0.02)
    power = np.abs(np.fft.rfft(noise[:, 0])) ** 2
    frequency = np.fft.rfftfreq(len(noise), 1 / INTERNAL_HZ)
    assert power[(frequency > 450.0) & (frequency < 5300.0)].sum() > 0.97 * power.sum()
