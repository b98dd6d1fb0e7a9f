"""A healthy machine behind a sensor, sample by sample."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import SimulatorError
from simulator.machines.motor import MOTORS, Damage, Motor, MotorDesign, design_for
from simulator.machines.profile import CALM, Durations
from simulator.machines.sensor import SENSORS, Probe
from tests.support.vibration import IDEAL, RUNNING, shaken

MOTOR = MOTORS["motor-600"]
SLOW = Probe(SENSORS["ideal"], 100.0)


def running(seed=7, n=6000, **options):
    """A minute of a running motor at 100 Hz."""
    return Motor(MOTOR, seed=seed, habits=RUNNING, begin_running=True, **options).block(n)


@pytest.mark.parametrize("name", MOTORS)
def test_presets_are_healthy(name):
    """Every preset moves at 0.3 to 0.5 mm/s, strongest at 1x, y at 60 % of x and z at 15 %."""
    design = MOTORS[name]
    motor = Motor(design, seed=7, probe=SLOW, habits=RUNNING, begin_running=True)
    lines = np.abs(np.fft.rfft(motor.block(6000).acc * 9806.65, axis=0)) * np.sqrt(2) / 6000
    frequency = np.fft.rfftfreq(6000, 0.01)
    band = np.abs(frequency - design.rated_hz) < 0.05 * design.rated_hz
    x, y, z = np.sqrt(((lines[band] / (2 * np.pi * frequency[band, None])) ** 2).sum(axis=0))
    assert 0.3 < x < 0.5
    assert [y / x, z / x] == pytest.approx([0.6, 0.15], rel=0.05)


def test_vertical_leads_horizontal():
    """The orbit turns: y is a quarter of a revolution ahead of x."""
    spectrum = np.fft.rfft(shaken(600).acc, axis=0)
    line = np.abs(spectrum[:, 0]).argmax()
    assert np.angle(spectrum[line, 1] / spectrum[line, 0]) == pytest.approx(np.pi / 2, abs=0.1)


def test_gravity_is_on_the_vertical():
    """At rest the sensor shows 1 g on y and next to nothing on x and z."""
    idle = Motor(MOTOR, seed=7, habits=CALM).block(400)
    assert idle.rpm.max() == 0.0
    assert idle.acc.mean(axis=0) == pytest.approx([0.0, 1.0, 0.0], abs=4e-3)  # the drift's cold


def test_amplitude_follows_speed_squared():
    """At half speed the vibration is a quarter."""
    slow = replace(CALM, durations=Durations(run=(20.0, 20.0), coast_tau=(60.0, 60.0)))
    design = replace(MOTOR, support_hz=1.0)  # out of the way
    motor = Motor(design, seed=7, probe=SLOW, habits=slow, begin_running=True)
    samples = motor.block(8000)
    half = np.abs(samples.rpm / 600.0 - 0.5) < 0.02
    assert samples.acc[half, 0].std() == pytest.approx(samples.acc[:2000, 0].std() / 4, rel=0.1)


def test_a_ramp_smears_every_component():
    """Vibration is a function of the angle: its cycles are the turns of the shaft."""
    habits = replace(CALM, durations=Durations(idle=(1.0, 1.0), start=(6.0, 6.0)))
    samples = Motor(MOTOR, seed=7, probe=SLOW, habits=habits).block(900)
    x = samples.acc[300:, 0]
    turns = samples.rpm[300:].sum() / 60.0 / 100.0
    cycles = np.count_nonzero((x[1:] > 0) & (x[:-1] <= 0))
    assert cycles == pytest.approx(turns, abs=4)


def test_states_follow_one_another():
    """A session begins idle, ramps up, runs, coasts down and starts again."""
    habits = replace(CALM, durations=Durations(run=(10.0, 10.0)))
    speed = np.round(Motor(MOTOR, seed=7, habits=habits).block(8000).rpm / 600.0, 1)
    states = [s for s, before in zip(speed, [np.nan, *speed], strict=False) if s != before]
    assert states[0] == 0.0
    assert states.index(0.5) < states.index(1.0) < len(states) - 1 - states[::-1].index(0.0)
    assert states.count(1.0) >= 2


def test_running_begin_has_no_idle():
    """A motor asked to begin running turns at rated speed from its first sample."""
    assert running(n=500).rpm.min() > 580


def test_speed_wanders():
    """The speed of a running motor wanders by 0.2 %, slowly."""
    rpm = Motor(MOTOR, seed=7, habits=RUNNING, begin_running=True).block(30_000).rpm / 600.0
    smooth = rpm[: len(rpm) // 50 * 50].reshape(-1, 50).mean(axis=1)
    assert smooth.std() == pytest.approx(0.002, rel=0.3)
    assert np.corrcoef(smooth[:-1], smooth[1:])[0, 1] > 0.6


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 450), min_size=1, max_size=8))
def test_block_size_changes_nothing(sizes):
    """The samples do not depend on how they are asked for, healthy or damaged."""
    damages = [Damage("bearing_inner", 1.0, 1.0, 2.0, 5.0), Damage("cavitation", 1.0, 6, 7, 30)]
    whole = Motor(MOTOR, seed=3, begin_running=True, damages=damages).block(sum(sizes))
    motor = Motor(MOTOR, seed=3, begin_running=True, damages=damages)
    blocks = [motor.block(size) for size in sizes]
    for name in ("acc", "rpm", "ts", "load", "supply", "temp_c"):
        parts = np.concatenate([getattr(block, name) for block in blocks])
        assert np.array_equal(parts, getattr(whole, name))


def test_memory_does_not_grow():
    """However long a motor runs in small blocks, it holds no more than at first."""
    motor = Motor(MOTOR, seed=3, habits=RUNNING, begin_running=True)
    motor.damage(Damage("bearing_outer", 1.0, 0.0, 0.0, 1e9))
    for _ in range(200):
        motor.block(25)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(800):
        motor.block(25)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 400_000  # bytes; a chunk more or less


def test_units_differ_a_little():
    """Two units are not the same, and no further apart than one model can cover."""
    one, other = (running(seed=seed).acc[:, 0].std() for seed in (1, 2))
    assert one != other
    assert one == pytest.approx(other, rel=0.15)


def test_sessions_of_a_unit_differ():
    """Two runs of one unit share its build, not its noise."""
    one, other = (running(session=number).acc for number in (0, 1))
    assert not np.array_equal(one, other)
    assert one[:, 0].std() == pytest.approx(other[:, 0].std(), rel=0.02)


def test_the_sensor_does_not_change_the_machine():
    """The same seed turns in the same way whatever looks at it."""
    coarse = running(probe=Probe(SENSORS["adxl345"], 100.0, filtered=False))
    assert np.array_equal(coarse.rpm, running().rpm)
    assert not np.array_equal(coarse.acc, running().acc)


@pytest.mark.parametrize(("filtered", "low", "high"), [(True, 0.0, 0.1), (False, 0.9, 1.1)])
def test_what_lies_above_nyquist_folds_only_without_a_filter(filtered, low, high):
    """At 1200 rpm the fourth harmonic, 80 Hz, comes to 20 Hz unless a filter keeps it out."""
    still = (0.0, 0.0, 0.0)
    design = MotorDesign(
        1200.0, harmonics=(0.0, 0.0, 0.0, 1.0), phases=(*still, 0.0), floor_mg=still
    )
    probe = Probe(SENSORS["ideal"], 100.0, filtered=filtered)
    motor = Motor(design, seed=7, probe=probe, habits=RUNNING, begin_running=True)
    peak = design.peak_g(design.velocity_mm_s, 4)
    assert low < motor.block(6000).acc[:, 0].std() * np.sqrt(2) / peak < high


def test_pump_hums_and_passes_vanes():
    """A pump shows twice the line frequency and its vane pass; a bare motor neither."""
    pump, motor = (
        Motor(MOTORS[name], seed=7, probe=IDEAL, habits=RUNNING, begin_running=True)
        .block(64_000)
        .acc[:, 0]
        for name in ("pump-1200", "motor-1200")
    )
    frequency = np.fft.rfftfreq(64_000, 1 / 12_800)
    for hz in (100.0, 120.0):
        near = np.abs(frequency - hz) < 1.0
        lines = [np.abs(np.fft.rfft(acc))[near].max() for acc in (pump, motor)]
        assert lines[0] > 5 * lines[1]


def test_presets_are_found_by_speed():
    """600 and 1200 rpm are presets; any other speed is the same motor built for it."""
    assert design_for(600.0) is MOTORS["motor-600"]
    assert design_for(1200.0) is MOTORS["motor-1200"]
    assert design_for(900.0).rated_hz == 15.0


@pytest.mark.parametrize("rpm", [0.0, 3000.0, 6000.0, float("nan")])
def test_speed_beyond_nyquist_is_refused(rpm):
    """A speed that the sampling rate cannot show is refused with the limit."""
    with pytest.raises(SimulatorError, match="below the Nyquist frequency 50 Hz"):
        Motor(MotorDesign(rpm=rpm), seed=7)


@pytest.mark.parametrize("rate_hz", [0.0, -5.0, float("inf"), float("nan")])
def test_impossible_rate_is_refused(rate_hz):
    """A rate at which nothing can be sampled is refused."""
    with pytest.raises(SimulatorError, match="allowed: above 0"):
        Motor(MOTOR, seed=7, probe=Probe(SENSORS["ideal"], rate_hz))


def test_a_sensor_may_be_as_fast_as_the_synthesis():
    """At 12.8 kHz and above a filtered sensor reports, corner at half the rate or not."""
    probe = Probe(SENSORS["adxl345"], 12_800.0)
    assert len(Motor(MOTOR, seed=7, probe=probe).block(100).acc) == 100
