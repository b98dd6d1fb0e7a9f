"""What a model sees of a window, and how long a window should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from detector.errors import TrainingError
from detector.sessions.representation import Raw, WindowFeatures, fit_columns
from detector.sessions.spectrum import band_edges
from detector.sessions.window_length import default_window
from detector.sessions.windows import spread_evenly, windows
from tests.support.motors import RATE_HZ, signal

RATE = 100.0


def features(window=100, **options):
    """Of one machine at 600 rpm with one sensor, unless told otherwise."""
    known = {"features": ("x",), "sampling_period_s": 1 / RATE, "rpm": 600.0}
    return WindowFeatures(window=window, **{**known, **options})


def tone(hz, amplitude=1.0, n=100, phase=0.0):
    """One window of a sine, shape (1, n, 1)."""
    t = np.arange(n) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * t + phase))[None, :, None].astype(np.float32)


def column(made, window, name):
    """One column of the only segment of the only window."""
    return made.represent(window)[0, 0, made.columns.index(name)]


def test_raw_is_the_window_itself():
    """No copy, every column its own feature."""
    raw, batch = Raw(features=("x", "y"), window=20), windows(signal(50, 0), 20)
    assert raw.represent(batch) is batch
    assert (raw.columns, raw.groups, raw.shape) == (("x", "y"), (0, 1), (20, 2))


@pytest.mark.parametrize("segments", [1, 3, 4])
@pytest.mark.parametrize("names", [("x",), ("x", "y")])
def test_features_have_the_shape_and_names_they_announce(segments, names):
    """One name and one raw feature for every column."""
    made = WindowFeatures(features=names, window=50, segments=segments)
    found = made.represent(windows(signal(80, 0)[:, : len(names)], 50))
    assert found.shape == (31, *made.shape)
    assert found.dtype == np.float32
    assert len(made.columns) == len(made.groups) == made.shape[1]
    assert [made.columns[i].split(".")[0] for i in range(len(made.columns))] == [
        names[group] for group in made.groups
    ]


def test_a_column_holds_its_own_feature():
    """A change of the second feature leaves the columns of the first as they were."""
    made = WindowFeatures(features=("x", "y"), window=50, segments=2)
    calm = windows(signal(50, 0), 50).copy()
    moved = calm.copy()
    moved[:, :, 1] *= 3
    differs = (made.represent(calm) != made.represent(moved)).any(axis=(0, 1))
    assert not differs[np.array(made.groups) == 0].any()
    assert differs[made.columns.index("y.rms")]


def test_a_sine_has_the_features_of_a_sine():
    """Rms 1/√2, crest √2, kurtosis 1.5, mean what was added."""
    made, wave = features(), tone(10) + np.float32(0.25)
    assert column(made, wave, "x.mean") == pytest.approx(0.25, abs=1e-6)
    assert np.exp(column(made, wave, "x.rms")) == pytest.approx(0.5**0.5, rel=1e-3)
    assert np.exp(column(made, wave, "x.crest")) == pytest.approx(2**0.5, rel=0.06)
    assert np.exp(column(made, wave, "x.kurtosis")) == pytest.approx(1.5, rel=1e-3)


@pytest.mark.parametrize(("order", "hz"), [("0.5", 5), ("1", 10), ("2", 20), ("3", 30)])
@pytest.mark.parametrize(("n", "phase"), [(100, 0.0), (100, 1.0), (94, 1.0)])
def test_an_order_is_the_amplitude_at_a_multiple_of_the_speed(order, hz, n, phase):
    """A tone is found at its own order, in whole turns or not, and at no other."""
    made = features(window=n)
    wave = tone(hz, 0.3, n, phase)
    assert np.exp(column(made, wave, f"x.order{order}")) == pytest.approx(0.3, rel=0.02)
    others = {"0.5", "1", "2", "3"} - {order}
    assert max(np.exp(column(made, wave, f"x.order{other}")) for other in others) < 0.03


def test_orders_that_cannot_be_seen_are_left_out():
    """Those at or above Nyquist, those slower than a segment, all where no speed is known."""
    assert features(rpm=1200.0).orders == (0.5, 1.0, 2.0)  # 3x is 60 Hz of 50
    assert features(rpm=3000.0).orders == (0.5,)  # 1x lies on Nyquist
    assert features(window=60, segments=4).orders == (1.0, 2.0, 3.0)  # 15 samples, 0.5x takes 20
    assert features(rpm=None, sampling_period_s=None).orders == ()


def test_a_band_holds_the_energy_of_its_frequencies():
    """Low tones in the first band, high ones in the last, a²/2 each."""
    made = features()
    low, high = tone(2, 0.4), tone(40, 0.4)
    for wave, own, other in ((low, "x.band1", "x.band3"), (high, "x.band3", "x.band1")):
        assert np.exp(2 * column(made, wave, own)) == pytest.approx(0.08, rel=0.1)
        assert column(made, wave, own) - column(made, wave, other) > 2


@given(length=st.integers(2, 500), data=st.data())
def test_bands_share_out_every_line_but_the_mean(length, data):
    """None is empty, none overlaps, the last ends at Nyquist."""
    bands = data.draw(st.integers(1, max(length // 2, 1)))
    edges = band_edges(length, bands)
    assert (len(edges), edges[0], edges[-1]) == (bands + 1, 1, length // 2 + 1)
    assert (np.diff(edges) >= 1).all()


def test_a_constant_window_is_finite_and_ordinary_in_shape():
    """Stuck sensors give the smallest size and the kurtosis of noise, no infinity."""
    made = features(segments=2)
    found = made.represent(np.full((1, 100, 1), 7.0, np.float32))
    assert np.isfinite(found).all()
    assert found[0, 0, made.columns.index("x.kurtosis")] == pytest.approx(np.log(3))
    assert found[0, 0, made.columns.index("x.rms")] == pytest.approx(np.log(1e-3))


@settings(max_examples=40)
@given(hnp.arrays(np.float32, (3, 40, 2), elements=st.floats(-1e4, 1e4, width=32)))
def test_features_are_finite_for_any_window(batch):
    """Whatever finite values a window has."""
    made = WindowFeatures(features=("x", "y"), window=40, segments=2)
    assert np.isfinite(made.represent(batch)).all()


def test_no_window_depends_on_its_batch():
    """A window alone is described as it is among others, across chunks too."""
    made = features(window=50, segments=2)
    batch = np.random.default_rng(0).normal(size=(1100, 50, 1)).astype(np.float32)
    together = made.represent(batch)
    for i in (0, 500, 1023, 1024, 1099):
        np.testing.assert_allclose(
            made.represent(batch[i : i + 1])[0], together[i], rtol=0, atol=1e-6
        )


def test_a_remainder_is_left_out_at_the_old_end():
    """The newest sample is always seen."""
    made = features(window=50, segments=3)
    wave = np.random.default_rng(0).normal(size=(1, 50, 1)).astype(np.float32)
    changed_old, changed_new = wave.copy(), wave.copy()
    changed_old[0, 1], changed_new[0, -1] = 9, 9
    np.testing.assert_array_equal(made.represent(changed_old), made.represent(wave))
    assert (made.represent(changed_new) != made.represent(wave)).any()


def test_segments_are_in_order_of_time():
    """A step between the halves of a window shows as two means."""
    wave = np.concatenate([np.zeros(50), np.ones(50)])[None, :, None].astype(np.float32)
    made = features(segments=2)
    means = made.represent(wave)[0, :, made.columns.index("x.mean")]
    np.testing.assert_allclose(means, [0, 1])


@pytest.mark.parametrize("options", [{"window": 30, "segments": 4}, {"window": 20, "bands": 11},
                                     {"segments": 0}, {"bands": 0}])  # fmt: skip
def test_segments_too_short_for_their_features_are_refused(options):
    """One line with the window, the segments and what is needed."""
    with pytest.raises(TrainingError, match=r"^features: windows of \d+ .*allowed: .*at least \d+"):
        features(**options)


@pytest.mark.parametrize("options", [{"rpm": None}, {"sampling_period_s": None}, {"rpm": -1.0}])
def test_half_a_speed_is_refused(options):
    """Orders need both the speed and the sampling period."""
    with pytest.raises(TrainingError, match="both above 0 or neither"):
        features(**options)


def test_columns_are_standardised_over_training_windows():
    """Mean 0 and deviation 1, and a column that never changes is only centred."""
    made = WindowFeatures(features=("x", "y"), window=50, segments=2)
    session = signal(2000, 0)
    session[:, 1] = 5
    batch = windows(session, 50)
    scaling = fit_columns(made, batch)
    scaled = scaling.apply(made.represent(batch)).reshape(-1, made.shape[1])
    own = np.array(made.groups) == 0
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(scaled[:, own].std(axis=0), 1, atol=1e-3)
    assert (scaled[:, ~own] == 0).all()
    assert scaled.dtype == np.float32
    assert all(type(value) is float for value in scaling.centre + scaling.scale)
    with pytest.raises(TrainingError, match="no training window"):
        fit_columns(made, batch[:0])


@given(st.integers(1, 300), st.integers(1, 300))
def test_windows_are_spread_from_the_first_to_the_last(count, at_most):
    """As many as asked for, in order, none twice."""
    numbered = np.arange(count, dtype=np.float32)[:, None, None]
    chosen = spread_evenly(numbered, at_most)[:, 0, 0]
    assert len(chosen) == min(count, at_most)
    assert (np.diff(chosen) > 0).all()
    if at_most > 1:
        assert (chosen[0], chosen[-1]) == (0, count - 1)


@pytest.mark.parametrize(
    ("rpm", "hz", "length"),
    [(600, 100, 60), (1200, 100, 30), (1200, 200, 60), (60, 100, 400), (3000, 20, 20),
     (90, 100, 270)],
)  # fmt: skip
def test_a_window_holds_six_revolutions_where_that_is_not_too_long(rpm, hz, length):
    """At least four in any case, at least 20 samples, and the sentence says how many."""
    found, why = default_window([], 1 / hz, rpm)
    assert found == length
    assert length * rpm / 60 / hz >= 4
    assert f"{length} samples" in why
    assert "revolutions" in why


def test_without_a_speed_a_window_holds_four_periods():
    """The 2 Hz of the small machine at 50 Hz are 25 samples, through its noise."""
    length, why = default_window([signal(2000, 0), signal(1000, 1)], 1 / RATE_HZ)
    assert length == 100
    assert "4 periods of 25 samples" in why


def test_a_strong_harmonic_is_not_taken_for_the_period():
    """A third harmonic nearly as strong as the first peaks at a third of the 50 samples."""
    turn = 2 * np.pi * np.arange(2000) / 50
    wave = (np.sin(turn) + 0.9 * np.sin(3 * turn))[:, None].astype(np.float32)
    assert default_window([wave], 0.01)[0] == 200


@pytest.mark.parametrize("n", [100, 1000])
def test_noise_has_no_period(n):
    """Its autocorrelation decays at once, so the shortest window is taken."""
    for seed in range(5):
        noise = np.random.default_rng(seed).normal(size=(n, 2)).astype(np.float32)
        length, why = default_window([noise], 0.01)
        assert length == 20
        assert "decays" in why
        assert "no less than 20" in why


def test_a_slow_signal_gets_a_window_of_four_decays():
    """A first-order signal with a time constant of 30 samples needs 120."""
    rng = np.random.default_rng(0)
    values = np.zeros((40_000, 1))
    for i in range(1, len(values)):
        values[i] = values[i - 1] * np.exp(-1 / 30) + rng.normal()
    length, _ = default_window(np.split(values.astype(np.float32), 10), 0.01)
    assert 90 <= length <= 140


def test_a_constant_feature_says_nothing_of_the_window():
    """The others decide; if all are constant the shortest window is taken."""
    still = signal(2000, 0)
    still[:, 1] = 3
    assert default_window([still], 1 / RATE_HZ)[0] == 100
    assert default_window([np.zeros((100, 1), np.float32)], 0.01)[0] == 20


def test_sessions_too_short_for_any_window_are_refused():
    """One line with the longest."""
    with pytest.raises(TrainingError, match="longest session has 20 samples, allowed: above 20"):
        default_window([signal(20, 0)], 0.01)
