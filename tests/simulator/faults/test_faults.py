"""Sensor faults on arrays and streams: what holds for every family."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import SimulatorError
from simulator.faults.inject import FAULTS, LiveFault, Signal, inject, siblings
from tests.support.simulator.faulty import (
    END,
    HEALTHY,
    OF_VALUES,
    SIGMA,
    START,
    change,
    faulty,
    values,
)


@pytest.mark.parametrize("family", OF_VALUES)
def test_only_range_and_axis_change(family):
    """A fault changes its feature in its range, and no other cell."""
    different = faulty(family, partners=[]) != values()
    assert different[START:END, 1].any()
    different[START:END, 1] = False
    assert not different.any()


@pytest.mark.parametrize("family", FAULTS)
def test_severity_zero_is_health(family):
    """A fault of severity 0 changes nothing."""
    changed = change(family, severity=0.0)
    assert np.array_equal(changed.values, values())
    assert np.array_equal(changed.ts, 5.0 + np.arange(10_000) / 100.0)


@pytest.mark.parametrize("family", OF_VALUES)
def test_input_is_left_alone(family):
    """The array given is not written to."""
    given = values()
    inject(given, family=family, start=0, end=50, sigma=1, axis=0, rng=np.random.default_rng(2))
    assert np.array_equal(given, values())


@pytest.mark.parametrize("family", FAULTS)
@pytest.mark.parametrize("seed", range(5))
def test_short_fault_changes_something(family, seed):
    """Even a fault of ten samples, one a second, changes one: no label stands for nothing."""
    changed = change(family, seed, rate_hz=1.0, end=START + 10)
    times_too = np.column_stack([changed.ts, changed.values])
    healthy = np.column_stack([5.0 + np.arange(10_000), values()])
    same = np.abs(times_too - healthy) <= 1e-6  # false where missing
    assert not same[START : START + 10].all()


def test_siblings_are_the_axes_of_one_sensor():
    """Axes share their name but for the last letter; other features have none."""
    names = ["a_x", "Flow", "a_y", "b_x", "a_z", "a_t"]
    assert siblings(names, 0) == [2, 4]
    assert siblings(names, 1) == siblings(names, 3) == siblings(names, 5) == []


@pytest.mark.parametrize("ramp_s", [0.0, 5.0, 30.0])
def test_onset_ramp(ramp_s):
    """Severity rises evenly from the onset to full after the ramp, and stays."""
    added = (faulty("bias", ramp_s=ramp_s) - values())[START:END, 1] / (5 * SIGMA)
    full = round(ramp_s * 100)
    assert added[full:] == pytest.approx(np.ones(END - START - full))
    assert added[: full + 1] == pytest.approx(np.linspace(0, 1, full + 2)[1:])


@pytest.mark.parametrize("family", FAULTS)
@given(seed=st.integers(0, 99), size=st.integers(1, 400), ramp_s=st.sampled_from([0.0, 3.0]))
@settings(max_examples=15, deadline=None)
def test_stream_equals_array(family, seed, size, ramp_s):
    """Block by block a fault is the same as in one piece, whatever the blocks and its chance."""
    asked = {"start": 300, "end": 1500, "n": 2000, "partners": [0, 2], "ramp_s": ramp_s}
    whole = change(family, seed, **asked)
    live = LiveFault(
        family, seed=seed, sigma=SIGMA, axis=1, healthy=HEALTHY,
        start=300, end=1500, partners=[0, 2], ramp_s=ramp_s,
    )  # fmt: skip
    ts, given_values = 5.0 + np.arange(2000) / 100.0, values()[:2000]
    blocks = [
        live.change(Signal(ts[i : i + size], given_values[i : i + size]), i)
        for i in range(0, 2000, size)
    ]
    assert np.array_equal(np.concatenate([block.ts for block in blocks]), whole.ts)
    changed = np.concatenate([block.values for block in blocks])
    assert np.array_equal(changed, whole.values, equal_nan=True)


def test_stream_noise_is_never_repeated():
    """Consecutive blocks of a noisy stream get different noise."""
    live = LiveFault("noise", start=0, end=200, sigma=SIGMA, axis=0, seed=2)
    one, other = (live.apply(np.zeros((100, 3)), first) for first in (0, 100))
    assert not np.array_equal(one, other)


def test_unknown_family_lists_the_known():
    """An unknown family is refused with the list of the known ones."""
    with pytest.raises(
        SimulatorError, match="'rust'; allowed: spike, bias, drift, stuck, noise, gain"
    ):
        faulty("rust")


@pytest.mark.parametrize("severity", [-0.1, 1.1, float("nan")])
def test_severity_out_of_range(severity):
    """A severity outside 0..1 is refused."""
    with pytest.raises(SimulatorError, match="allowed: 0 to 1"):
        faulty("bias", severity)
