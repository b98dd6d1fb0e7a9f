"""The front end of a sensor, stage by stage."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.errors import SimulatorError
from simulator.machines.sensor import (
    FILTER_ORDER,
    SENSORS,
    ZEROED_AT_C,
    ZEROED_G,
    FrontEnd,
    Probe,
    sensor_named,
)

IDEAL = SENSORS["ideal"]
RATE_HZ = 100.0
FACTOR = 128


def report(sensor, true_g, *, filtered=False, zeroed=True, seed=0, temp_c=ZEROED_AT_C):
    """What a sensor at 100 Hz makes of ``true_g``, shape (n * FACTOR, 3)."""
    front = FrontEnd(
        Probe(sensor, RATE_HZ, filtered=filtered, zeroed=zeroed),
        factor=FACTOR,
        unit=np.random.default_rng(seed),
        rng=np.random.default_rng(seed + 1000),
    )
    return front.report(true_g, np.full(len(true_g) // FACTOR, temp_c))


def still(n):
    """Nothing shakes for ``n`` samples."""
    return np.zeros((n * FACTOR, 3))


def test_mounting_gain_and_cross_axis():
    """The gain errs by 2 % at most, and each axis sees 1 to 3 % of each other."""
    sensor = replace(IDEAL, mounting=0.02, cross_axis=(0.01, 0.03))
    seen = []
    for seed in range(30):
        mix = [report(sensor, still(2) + row, seed=seed)[-1] - [0, 1, 0] for row in np.eye(3)]
        gains, others = np.diag(mix), np.asarray(mix)[~np.eye(3, dtype=bool)]
        assert (np.abs(gains - 1.0) <= 0.02 + 1e-6).all()
        assert ((np.abs(others) >= 0.01 - 1e-6) & (np.abs(others) <= 0.03 + 1e-6)).all()
        seen.extend(gains)
    assert np.std(seen) > 0.005


@pytest.mark.parametrize("share", [0.25, 0.4, 0.5])
@pytest.mark.parametrize("times", [0.5, 1.0, 2.0])
def test_filter_attenuates_as_its_order_says(share, times):
    """3 dB at the corner, the slope of its order above, next to nothing below."""
    sensor = replace(IDEAL, low_pass=share)
    t = np.arange(200 * FACTOR) / (RATE_HZ * FACTOR)
    tone = np.zeros((len(t), 3))
    frequency = times * share * RATE_HZ * 1.01  # away from lines that beat with the rate
    tone[:, 0] = np.cos(2 * np.pi * frequency * t) + 0.0
    tone[:, 2] = np.sin(2 * np.pi * frequency * t)
    x, _, z = report(sensor, tone, filtered=True)[50:].T
    expected = 1.0 / np.sqrt(1.0 + (1.01 * times) ** (2 * FILTER_ORDER))
    assert np.sqrt((x**2 + z**2).mean()) == pytest.approx(expected, rel=0.03)


def test_no_filter_lets_everything_through():
    """Without it a tone far above the rate keeps its size."""
    t = np.arange(200 * FACTOR) / (RATE_HZ * FACTOR)
    tone = np.sqrt(2) * np.cos(2 * np.pi * 1030.7 * t)[:, None] * [1.0, 0.0, 0.0]
    assert report(IDEAL, tone)[5:, 0].std() == pytest.approx(1.0, rel=0.03)


def test_jitter_spreads_the_sampling_instant():
    """On a ramp the instant can be read off: 0.5 % of the period, at random."""
    ramp = np.arange(2000 * FACTOR)[:, None] * np.array([1.0 / FACTOR, 0.0, 0.0])
    steady = report(IDEAL, ramp)[1:, 0]
    late = report(replace(IDEAL, jitter=0.005), ramp)[1:, 0] - steady
    assert np.diff(steady) == pytest.approx(np.ones(len(steady) - 1))
    assert late.std() == pytest.approx(0.005, rel=0.1)
    assert abs(late.mean()) < 5e-4


def test_gravity_is_on_y():
    """A sensor at rest reports 1 g on y."""
    assert report(IDEAL, still(3)) == pytest.approx(np.tile([0.0, 1.0, 0.0], (3, 1)))


@pytest.mark.parametrize(("zeroed", "limit"), [(False, 0.05), (True, ZEROED_G)])
def test_bias(zeroed, limit):
    """The offset is up to 50 mg, next to nothing once it was taken off on site."""
    sensor = replace(IDEAL, bias_g=0.05)
    bias = np.array([report(sensor, still(1), zeroed=zeroed, seed=s)[0] for s in range(60)])
    bias -= [0.0, 1.0, 0.0]
    assert np.abs(bias).max() <= limit + 1e-7
    assert np.abs(bias).max() > 0.8 * limit


def test_drift_with_temperature():
    """The offset moves by 0.1 to 0.5 mg per degree, up or down."""
    sensor = replace(IDEAL, drift_mg_c=(0.1, 0.5))
    slopes = np.array(
        [
            (report(sensor, still(1), seed=s, temp_c=45.0) - report(sensor, still(1), seed=s))[0]
            for s in range(40)
        ]
    )
    slopes *= 1e3 / (45.0 - ZEROED_AT_C)
    assert ((np.abs(slopes) > 0.099) & (np.abs(slopes) < 0.501)).all()
    assert slopes.min() < 0 < slopes.max()


@pytest.mark.parametrize("filtered", [True, False])
@pytest.mark.parametrize("name", ["adxl345", "mpu6050", "adxl355", "adxl356"])
def test_noise_is_density_over_bandwidth(name, filtered):
    """Noise is ND · √(1.6 · BW); the bandwidth is the filter's, or half the rate without."""
    sensor = SENSORS[name]
    smooth = replace(sensor, step=0.0)  # an ADXL345's noise at 100 Hz is less than its step
    noise = report(smooth, still(8000), filtered=filtered).std(axis=0)
    bandwidth = sensor.low_pass * RATE_HZ if filtered else RATE_HZ / 2
    assert noise == pytest.approx(np.sqrt(1.6 * bandwidth) * np.array(sensor.noise_density), 0.05)


def test_clip():
    """Nothing beyond full scale is reported."""
    x, y, z = report(replace(IDEAL, full_scale=2.0), still(2) + np.array([5.0, 0.5, -5.0]))[-1]
    assert [x, y, z] == pytest.approx([2.0, 1.5, -2.0])


def test_quantise():
    """A digital sensor reports multiples of its step, and uses many of them."""
    shaking = np.random.default_rng(0).normal(0, 0.05, (200 * FACTOR, 3))
    steps = report(replace(IDEAL, step=3.9e-3), shaking) / 3.9e-3
    assert np.allclose(steps, np.round(steps), atol=1e-3)
    assert len(np.unique(np.round(steps[:, 0]))) > 20


def test_cross_axis_comes_before_gravity():
    """Gravity stands on y alone: what is mounted askew is the vibration."""
    assert report(replace(IDEAL, cross_axis=(0.03, 0.03)), still(2))[-1, 0] == 0.0


def test_filter_comes_before_noise():
    """The filter leaves the sensor's own noise white up to half the rate."""
    sensor = replace(IDEAL, low_pass=0.25, noise_density=(1e-3, 1e-3, 1e-3))
    lines = np.abs(np.fft.rfft(report(sensor, still(8000), filtered=True)[:, 0])) ** 2
    assert lines[3000:].mean() == pytest.approx(lines[10:1000].mean(), rel=0.15)


def test_clip_comes_after_noise_bias_and_gravity():
    """Gravity counts towards full scale, and noise does not pass it."""
    sensor = replace(IDEAL, full_scale=1.0, noise_density=(0.0, 0.05, 0.0))
    y = report(sensor, still(500))[:, 1]
    assert y.max() == 1.0
    assert y.std() > 0.1


def test_quantise_comes_after_noise():
    """Noise does not blur the steps; it dithers between them."""
    sensor = replace(IDEAL, step=0.01, noise_density=(1e-3, 0.0, 0.0))
    x = report(sensor, still(500))[:, 0]
    assert np.allclose(x / 0.01, np.round(x / 0.01), atol=1e-4)
    assert len(np.unique(x)) > 2


def test_blocks_do_not_matter():
    """Filter and interpolation carry on from call to call, at one internal sample for each."""
    shaking = np.random.default_rng(0).normal(0, 0.1, (400, 3))
    whole, parts = (
        FrontEnd(
            Probe(IDEAL, RATE_HZ * FACTOR),
            factor=1,
            unit=np.random.default_rng(0),
            rng=np.random.default_rng(0),
        )
        for _ in range(2)
    )
    pieces = [parts.report(piece, np.full(len(piece), 25.0)) for piece in np.split(shaking, 4)]
    assert np.array_equal(np.concatenate(pieces), whole.report(shaking, np.full(400, 25.0)))


@pytest.mark.parametrize(
    ("name", "density", "step"),
    [
        ("adxl345", (290e-6, 290e-6, 430e-6), 3.9e-3),
        ("mpu6050", (400e-6,) * 3, 6.1e-5),
        ("adxl355", (22.5e-6,) * 3, 3.9e-6),
        ("adxl356", (75e-6,) * 3, 0.0),
        ("ideal", (0.0,) * 3, 0.0),
    ],
)
def test_presets(name, density, step):
    """Noise and step are those of the makers' data sheets; corners lie at 0.25-0.5 of the rate."""
    sensor = sensor_named(name)
    assert (sensor.noise_density, sensor.step) == (density, step)
    assert 0.25 <= sensor.low_pass <= 0.5


@pytest.mark.parametrize("spelling", ["MPU-6050", "mpu6050", "ADXL345", "adxl-356"])
def test_names_are_read_as_people_write_them(spelling):
    """Capitals and hyphens do not matter."""
    assert sensor_named(spelling) in SENSORS.values()


def test_unknown_sensor_is_refused():
    """A sensor nobody knows is refused with those that there are."""
    with pytest.raises(
        SimulatorError,
        match=r"unknown sensor 'adxl999'; allowed: adxl345, mpu6050, adxl355, adxl356, ideal",
    ):
        sensor_named("adxl999")
