"""The healthy motor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import SimulatorError
from simulator.motor import CHUNK, MOTORS, SENSORS, Motor, MotorDesign
from simulator.profile import Durations

N = 6000  # one minute: 600 or 1200 revolutions, lines 1/60 Hz apart


def running(name, seed=7, **options):
    """One minute of a running preset, its mean taken off."""
    samples = Motor(MOTORS[name], seed=seed, begin_running=True, **options).block(N)
    return samples.acc - samples.acc.mean(axis=0)


def velocity_mm_s(acc):
    """Velocity rms per axis above 2 Hz, mm/s, from acceleration in g."""
    spectrum = np.fft.rfft(acc * 9806.65, axis=0)
    frequency = np.fft.rfftfreq(len(acc), 0.01)
    band = frequency > 2.0
    velocity = spectrum[band] / (2j * np.pi * frequency[band, None])
    return np.sqrt(2 * (np.abs(velocity) ** 2).sum(axis=0)) / len(acc)


@pytest.mark.parametrize("name", MOTORS)
def test_healthy_velocity(name):
    """Each axis vibrates as strongly as a healthy motor does, at both speeds."""
    x, y, z = velocity_mm_s(running(name))
    assert 0.3 < x < 0.5
    assert y == pytest.approx(0.6 * x, rel=0.05)
    assert z == pytest.approx(0.15 * x, rel=0.2)


@pytest.mark.parametrize(("name", "rms_mg"), [("motor-600", 3.0), ("motor-1200", 6.0)])
def test_healthy_acceleration(name, rms_mg):
    """The horizontal acceleration is about 3 mg at 600 rpm and 6 mg at 1200 rpm."""
    assert 1e3 * running(name)[:, 0].std() == pytest.approx(rms_mg, rel=0.1)


@pytest.mark.parametrize("name", MOTORS)
def test_dominant_order_is_one(name):
    """The strongest line of every axis is the shaft's own."""
    window = np.hanning(N)[:, None]
    peaks = np.abs(np.fft.rfft(running(name) * window, axis=0)).argmax(axis=0) * 100.0 / N
    assert peaks / (MOTORS[name].rpm / 60.0) == pytest.approx([1.0, 1.0, 1.0], abs=0.01)


def test_vertical_leads_horizontal():
    """The orbit turns: y is a quarter of a revolution ahead of x."""
    spectrum = np.fft.rfft(running("motor-600"), axis=0)
    line = np.abs(spectrum[:, 0]).argmax()
    assert np.angle(spectrum[line, 1] / spectrum[line, 0]) == pytest.approx(np.pi / 2, abs=0.1)


def test_gravity_is_on_the_vertical():
    """At rest the sensor shows 1 g on y and next to nothing on x and z."""
    idle = Motor(MOTORS["motor-600"], seed=7).block(400).acc
    assert idle.mean(axis=0) == pytest.approx([0.0, 1.0, 0.0], abs=2e-4)


def test_amplitude_follows_speed_squared():
    """At half speed the vibration is a quarter."""
    slow = Durations(run=(20.0, 20.0), coast_tau=(100.0, 100.0))
    motor = Motor(MOTORS["motor-600"], seed=7, durations=slow, begin_running=True)
    samples = motor.block(12_000)
    half = np.abs(samples.rpm / 600.0 - 0.5) < 0.02
    assert samples.acc[half, 0].std() == pytest.approx(samples.acc[:2000, 0].std() / 4, rel=0.1)


def test_states_follow_one_another():
    """A session begins idle, ramps up, runs, coasts down and starts again."""
    rpm = Motor(MOTORS["motor-600"], seed=7, durations=Durations(run=(10.0, 10.0))).block(8000).rpm
    speed = np.round(rpm / 600.0, 1)
    states = [s for s, before in zip(speed, [np.nan, *speed], strict=False) if s != before]
    assert states[0] == 0.0
    assert states.index(0.5) < states.index(1.0) < len(states) - 1 - states[::-1].index(0.0)
    assert states.count(1.0) >= 2


def test_running_begin_has_no_idle():
    """A motor asked to begin running turns at rated speed from its first sample."""
    rpm = Motor(MOTORS["motor-600"], seed=7, begin_running=True).block(500).rpm
    assert rpm.min() > 580


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 450), min_size=1, max_size=8))
def test_block_size_changes_nothing(sizes):
    """The samples do not depend on how they are asked for."""
    whole = Motor(MOTORS["motor-600"], seed=3).block(sum(sizes))
    motor = Motor(MOTORS["motor-600"], seed=3)
    blocks = [motor.block(size) for size in sizes]
    assert np.array_equal(np.concatenate([b.acc for b in blocks]), whole.acc)
    assert np.array_equal(np.concatenate([b.rpm for b in blocks]), whole.rpm)
    assert np.array_equal(np.concatenate([b.ts for b in blocks]), whole.ts)


def test_memory_does_not_grow():
    """However long a motor runs in small blocks, it keeps less than one chunk ahead."""
    motor = Motor(MOTORS["motor-600"], seed=3)
    for _ in range(300):
        motor.block(25)
    assert len(motor._ready) < CHUNK


def test_units_differ_a_little():
    """Two units are not the same, and no further apart than one model can cover."""
    one, other = (running("motor-600", seed=seed)[:, 0].std() for seed in (1, 2))
    assert one != other
    assert one == pytest.approx(other, rel=0.15)


def test_sessions_of_a_unit_differ():
    """Two runs of one unit share its build, not its noise."""
    one, other = (running("motor-600", session=number) for number in (0, 1))
    assert not np.array_equal(one, other)


def test_coarse_sensor_shows_steps():
    """A coarse sensor reports multiples of its step only."""
    steps = Motor(MOTORS["motor-600"], seed=7, sensor=SENSORS["adxl345"]).block(500).acc / 3.9e-3
    assert np.allclose(steps, np.round(steps), atol=1e-3)


def test_nothing_above_nyquist_folds_back():
    """At 1200 rpm the third harmonic, 60 Hz, is absent and leaves no line at 40 Hz or 100 - 60."""
    design = MotorDesign(rpm=1200.0, harmonics=(1.0, 0.0, 5.0), floor=0.0)
    acc = Motor(design, seed=7, begin_running=True).block(N).acc[:, 0]
    lines = np.abs(np.fft.rfft((acc - acc.mean()) * np.hanning(N)))
    frequency = np.fft.rfftfreq(N, 0.01)
    assert lines[np.abs(frequency - 40.0) < 1.0].max() < 0.02 * lines.max()


@pytest.mark.parametrize("rpm", [0.0, 3000.0, 6000.0])
def test_speed_beyond_nyquist_is_refused(rpm):
    """A speed that the sampling rate cannot show is refused with the limit."""
    with pytest.raises(SimulatorError, match="below the Nyquist frequency 50 Hz"):
        Motor(MotorDesign(rpm=rpm), seed=7)
