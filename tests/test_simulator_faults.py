"""Sensor faults on arrays and streams."""

import numpy as np
import pytest

from simulator.errors import SimulatorError
from simulator.faults import FAULTS, LiveFault, inject

SIGMA = 2.0
START, END = 1000, 9000


def values():
    """Three features of white noise, sd ``SIGMA``, on a level of 1."""
    return 1.0 + SIGMA * np.random.default_rng(1).standard_normal((10_000, 3))


def faulty(family, severity=1.0, **changed):
    """The same values with a fault on feature 1 in rows START..END - 1."""
    asked = {"start": START, "end": END, "sigma": SIGMA, "axis": 1, **changed}
    rng = np.random.default_rng(2)
    return inject(values(), family=family, severity=severity, rng=rng, **asked)


@pytest.mark.parametrize("family", FAULTS)
def test_only_range_and_axis_change(family):
    """A fault changes its feature in its range, and no other cell."""
    different = faulty(family) != values()
    assert different[START:END, 1].any()
    different[START:END, 1] = False
    assert not different.any()


@pytest.mark.parametrize("family", FAULTS)
def test_severity_zero_is_health(family):
    """A fault of severity 0 changes nothing."""
    assert np.array_equal(faulty(family, severity=0.0), values())


@pytest.mark.parametrize("family", FAULTS)
def test_input_is_left_alone(family):
    """The array given is not written to."""
    given = values()
    inject(given, family=family, start=0, end=50, sigma=1, axis=0, rng=np.random.default_rng(2))
    assert np.array_equal(given, values())


@pytest.mark.parametrize("severity", [0.4, 1.0])
def test_bias_size(severity):
    """A bias shifts by 2 sigma at severity 0.4 and by 5 at 1."""
    shift = (faulty("bias", severity) - values())[START:END, 1]
    assert shift == pytest.approx(np.full(END - START, 5 * severity * SIGMA))


@pytest.mark.parametrize("severity", [0.4, 1.0])
def test_noise_size(severity):
    """Noise of 2 sigma is added at severity 0.4 and of 5 at 1, without a shift."""
    added = (faulty("noise", severity) - values())[START:END, 1]
    assert added.std() == pytest.approx(5 * severity * SIGMA, rel=0.05)
    assert abs(added.mean()) < 0.1 * added.std()


def test_stuck_holds_the_last_value():
    """A stuck sensor repeats the value before the onset."""
    assert np.all(faulty("stuck")[START:END, 1] == values()[START - 1, 1])


def test_gain_size():
    """A gain fault leaves 0.3 of the reading at severity 1."""
    assert faulty("gain")[START:END, 1] == pytest.approx(0.3 * values()[START:END, 1])


def test_spike_size_and_rate():
    """Spikes are 5-15 sigma high, begin at 0.5 % of the samples and last 1-3 of them."""
    jump = (faulty("spike") - values())[START:END, 1]
    hit = jump != 0
    assert np.abs(jump[hit]).min() >= 5 * SIGMA
    assert np.abs(jump[hit]).max() <= 15 * SIGMA
    assert hit.mean() == pytest.approx(2 * 0.005, rel=0.4)
    assert {-1.0, 1.0} == set(np.sign(jump[hit]))


@pytest.mark.parametrize("family", ["bias", "stuck", "gain"])
def test_stream_equals_array(family):
    """Block by block a fault is the same as in one piece, onset within a block or not."""
    live = LiveFault(family, start=START, end=END, sigma=SIGMA, axis=1, seed=2)
    blocks = [live.apply(values()[i : i + 700], i) for i in range(0, 10_000, 700)]
    assert np.array_equal(np.concatenate(blocks), faulty(family))


def test_stream_onset_at_a_block_edge():
    """A stream that gets stuck on the first sample of a block repeats the value before it."""
    live = LiveFault("stuck", start=700, end=1400, sigma=SIGMA, axis=1, seed=2)
    blocks = [live.apply(values()[i : i + 700], i) for i in range(0, 2100, 700)]
    assert np.all(blocks[1][:, 1] == values()[699, 1])
    assert np.array_equal(blocks[2], values()[1400:2100])


def test_stream_noise_is_never_repeated():
    """Consecutive blocks of a noisy stream get different noise."""
    live = LiveFault("noise", start=0, end=200, sigma=SIGMA, axis=0, seed=2)
    one, other = (live.apply(np.zeros((100, 3)), first) for first in (0, 100))
    assert not np.array_equal(one, other)


def test_unknown_family_lists_the_known():
    """An unknown family is refused with the list of the known ones."""
    with pytest.raises(SimulatorError, match="'rust'; allowed: spike, bias, noise, stuck, gain"):
        faulty("rust")


@pytest.mark.parametrize("severity", [-0.1, 1.1, float("nan")])
def test_severity_out_of_range(severity):
    """A severity outside 0..1 is refused."""
    with pytest.raises(SimulatorError, match="allowed: 0 to 1"):
        faulty("bias", severity)
