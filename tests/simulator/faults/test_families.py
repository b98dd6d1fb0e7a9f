"""How large each family of sensor faults is, and what it leaves alone."""

import numpy as np
import pytest

from simulator.errors import SimulatorError
from simulator.faults.inject import LiveFault, inject
from tests.support.simulator.faulty import (
    END,
    SIGMA,
    START,
    change,
    faulty,
    shift,
    values,
    variants,
)


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


def test_drift_reaches_three_sigma_in_a_minute():
    """A drift grows evenly, by 3 sigma in 60 s."""
    moved = (faulty("drift") - values())[START:END, 1]
    assert moved[5999] == pytest.approx(3 * SIGMA)
    assert np.diff(moved) == pytest.approx(np.full(END - START - 1, 3 * SIGMA / 6000))


def test_short_drift_reaches_three_sigma_too():
    """A drift of 20 s at 10 Hz has 3 sigma at its end."""
    moved = (faulty("drift", end=START + 200, rate_hz=10.0) - values())[:, 1]
    assert moved[START + 199] == pytest.approx(3 * SIGMA)


def test_stuck_holds_the_last_value():
    """In half of the cases the value before the onset is held for 2 to 30 s."""
    held = variants("stuck")
    last = held[held[:, 0] == values()[START - 1, 1]]
    assert 10 <= len(last) <= 30
    lengths = np.argmax(last != last[:, :1], axis=1) / 100.0
    assert lengths.min() >= 2.0
    assert lengths.max() <= 30.0


def test_stuck_takes_a_new_value_after_each_stretch():
    """After a stretch the value that came meanwhile is held."""
    held = next(row for row in variants("stuck") if np.ptp(row))
    for row in np.flatnonzero(np.diff(held)) + 1:
        assert held[row] == values()[START + row - 1, 1]


def test_stuck_at_zero_or_range_end():
    """In the other half 0 or an end of the healthy range is reported throughout."""
    held = variants("stuck")
    constant = {float(row[0]) for row in held if not np.ptp(row)}
    assert constant == {0.0, 1.0 + 3 * SIGMA, 1.0 - 3 * SIGMA}


def test_stuck_does_not_hold_a_missing_value():
    """A sensor that gets stuck after a missing sample holds the last number."""
    holed = values()
    holed[START - 3 : START, 1] = np.nan
    seed = next(
        s for s in range(9) if change("stuck", s).values[START, 1] == values()[START - 1, 1]
    )
    live = LiveFault("stuck", start=START, end=END, sigma=SIGMA, axis=1, seed=seed)
    assert live.apply(holed, 0)[START, 1] == holed[START - 4, 1]


def test_stuck_holds_no_hole_after_a_stretch():
    """Where nothing but holes came meanwhile, the last number is held on."""
    holed = values()
    holed[START + 10 :, 1] = np.nan
    for seed in range(5):
        live = LiveFault("stuck", start=START, end=END, sigma=SIGMA, axis=1, seed=seed)
        assert np.isfinite(live.apply(holed, 0)[START:END, 1]).all()


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


@pytest.mark.parametrize(("severity", "share"), [(4 / 7, 0.6), (1.0, 0.3)])
def test_clip_size(severity, share):
    """The reading is cut at 0.6 of the healthy peak around the mean, and at 0.3 at severity 1."""
    cut = change("clip", severity=severity).values[START:END, 1]
    assert np.ptp(cut) == pytest.approx(2 * share * 3 * SIGMA)
    assert cut.max() == pytest.approx(1 + share * 3 * SIGMA)


def test_clip_measures_the_peak_itself():
    """On a level of 1 g the peak is that of the vibration, not of gravity."""
    swing = np.column_stack([1.0 + 0.1 * np.sin(np.arange(1000) / 5.0)])
    rng = np.random.default_rng(2)
    cut = inject(swing, family="clip", start=0, end=1000, sigma=0.07, axis=0, rng=rng)
    assert np.ptp(cut) == pytest.approx(0.06, rel=0.05)


@pytest.mark.parametrize("severity", [0.5, 1.0])
def test_quantise_size(severity):
    """The reading has steps of 2 sigma at severity 1, of half of it at 0.5."""
    steps = change("quantise", severity=severity).values[START:END, 1] / (2 * SIGMA * severity)
    assert steps == pytest.approx(np.round(steps))
    assert len(np.unique(steps.round())) > 3


def test_dropout_comes_in_bursts():
    """About 4 % of the values are missing, in bursts of 20 samples on average."""
    missing = np.isnan(variants("dropout", 60))
    bursts = np.diff(missing, axis=1, prepend=False).sum() / 2
    assert missing.mean() == pytest.approx(0.002 / 0.052, rel=0.2)
    assert missing.sum() / bursts == pytest.approx(20.0, rel=0.2)


def test_axis_swap_exchanges_or_reverses():
    """Of a sensor's axes two are exchanged, or one is turned round with its level."""
    seen = set()
    for seed in range(20):
        live = LiveFault(
            "axis_swap", start=START, end=END, sigma=SIGMA, axis=1, seed=seed, partners=[0, 2]
        )
        turned = live.apply(values(), 0)[START:END]
        expected = values()[START:END]
        if len(live.axes) == 2:
            expected[:, live.axes] = expected[:, live.axes[::-1]]
        else:
            expected[:, 1] *= -1
        assert turned == pytest.approx(expected)
        seen.add(tuple(live.axes))
    assert seen == {(1,), (1, 0), (1, 2)}


def test_axis_swap_of_a_lone_feature_keeps_its_level():
    """A feature without siblings is mirrored about its healthy mean."""
    assert change("axis_swap").values[START:END, 1] == pytest.approx(2.0 - values()[START:END, 1])


def test_clock_has_four_ways():
    """Times are offset, skewed, repeated or exchanged; values never change."""
    seen = set()
    for seed in range(40):
        added = shift(seed=seed)
        if np.ptp(added) < 1e-6:
            assert added[0] == pytest.approx(3600.0)
            seen.add("offset")
        elif added.max() > 0.0101:
            assert added[-1] == pytest.approx(200e-6 * (END - START - 1) / 100)
            seen.add("skew")
        elif added.max() < 0.001:
            assert np.mean(added < -0.0099) == pytest.approx(0.05, rel=0.3)
            seen.add("repeated")
        else:
            assert added.sum() == pytest.approx(0.0, abs=1e-6)
            assert set(added.round(6)) == {-0.01, 0.0, 0.01}
            seen.add("disordered")
    assert seen == {"offset", "skew", "repeated", "disordered"}
    assert np.array_equal(change("clock").values, values())


def test_clock_offset_grows_with_severity():
    """The offset is an hour at severity 1 and half a second near 0."""
    seed = next(seed for seed in range(40) if shift(seed=seed)[0] > 3000)
    assert shift(seed=seed, severity=1e-6)[0] == pytest.approx(0.5, rel=1e-3)


def test_clock_is_refused_on_values():
    """A fault of the clock cannot be put into values alone."""
    with pytest.raises(SimulatorError, match="changes times, not values; allowed: spike"):
        faulty("clock")
