"""Centres that follow speed, load and temperature: where they help, within what was seen."""

from __future__ import annotations

import numpy as np
import pytest

from detector.commissioning.learn import learn_own
from detector.errors import TrainingError
from detector.normal.conditions import fit_conditions
from detector.records import Samples
from detector.scoring.bundle import load_bundle, save_bundle
from detector.scoring.files import score_recording
from detector.scoring.stream import DeviceStream, score_samples
from detector.sessions.files import Recording
from detector.settings.sessions import SessionSettings
from detector.training.data.dataset import dataset_of
from detector.training.train import train
from tests.support.motors import RATE_HZ, START, small_options

CHANNELS = ("rpm", "load")
SEEN = (400.0, 1500.0)


def conditions_of(n, seed):
    """Speed and load that change slowly, shape (n, 2)."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / n
    rpm = SEEN[0] * (SEEN[1] / SEEN[0]) ** (0.5 + 0.5 * np.sin(7 * t + rng.uniform(0, 6)))
    return np.column_stack([rpm, 0.5 + 0.4 * np.cos(11 * t + rng.uniform(0, 6))])


def level(given):
    """What a feature does with them."""
    return 3 * np.log(given[:, 0] / 400) + 2 * given[:, 1]


def session(n, seed):
    """A feature that follows them and one that does not."""
    rng, given = np.random.default_rng(seed), conditions_of(n, seed)
    noise = rng.normal(0, 0.1, (n, 2))
    return noise + np.column_stack([level(given), np.zeros(n)]), given


def test_they_are_kept_where_they_help_a_session_that_was_held_out():
    """The one feature's error falls to its noise; the other's centre stays where it is."""
    features, values = zip(*(session(2000, seed) for seed in range(6)), strict=True)
    found = fit_conditions(CHANNELS, features, values)
    fresh, given = session(2000, 9)
    assert (fresh - found.centre(given))[:, 0].std() == pytest.approx(0.1, rel=0.1)
    assert not np.any(found.weights[1])


def test_a_resonance_is_followed_and_a_gap_in_the_speeds_is_bridged():
    """A hump that no power of the speed has; where nothing ran the centre goes straight on."""
    rng = np.random.default_rng(5)

    def hump(rpm):
        return 6 * np.exp(-(((rpm - 700) / 80) ** 2))

    def made(n=1500):
        rpm = rng.uniform(*SEEN, n)
        rpm = rpm[(rpm < 1000) | (rpm > 1200)][:, None]
        return hump(rpm) + rng.normal(0, 0.1, rpm.shape), rpm

    features, values = zip(*(made() for _ in range(6)), strict=True)
    found = fit_conditions(("rpm",), features, values)
    fresh, given = made()
    assert (fresh - found.centre(given)).std() < 0.25
    bridge = found.centre(np.array([[1000.0], [1100.0], [1200.0]]))
    assert np.ptp(bridge) < 0.3


def test_what_helps_nothing_or_never_changes_is_left_out():
    """A constant channel is none, and so are conditions of features that follow nothing."""
    features, values = zip(*(session(2000, seed) for seed in range(6)), strict=True)
    assert fit_conditions(CHANNELS, [one[:, 1:] for one in features], values) is None
    constant = [np.full((len(one), 1), 600.0) for one in values]
    assert fit_conditions(("rpm",), features, constant) is None
    found = fit_conditions(
        ("temp_c", *CHANNELS), features, [np.column_stack([np.ones(len(v)), v]) for v in values]
    )
    assert found.channels == CHANNELS


def test_beyond_what_was_seen_the_centre_stays_and_it_is_said():
    """At twice the speed it is that of the highest one."""
    features, values = zip(*(session(2000, seed) for seed in range(6)), strict=True)
    found = fit_conditions(CHANNELS, features, values)
    beyond = found.centre(np.array([[3000.0, 0.5]]))
    np.testing.assert_allclose(beyond, found.centre(np.array([[1500.0, 0.5]])), atol=0.01)
    assert found.told(np.array([1000.0, 0.5])) is None
    told = found.told(np.array([3000.0, 0.5]))
    assert told.startswith("outside what it has learnt: rpm 3000 (learnt 4")


def recording(n, seed, step=0.0):
    """A machine with its conditions as channels, faulty from sample 1200 on."""
    features, given = session(n, seed)
    features[1200:, 0] += step
    ts = START + np.arange(n) / RATE_HZ
    values = np.column_stack([features, given]).astype(np.float32)
    return Recording(f"r{seed}", Samples(("x", "y", *CHANNELS), ts, values), None)


@pytest.fixture(scope="module")
def bundle():
    """|z| of such machines, with conditions."""
    made = dataset_of([recording(2000, seed) for seed in range(6)], find_running=False,
                      conditions=CHANNELS)  # fmt: skip
    assert made.features == ("x", "y")
    options = small_options(network="zscore", config={}, smoothing=4, commission_s=8.0)
    return train(made, options, "conditioned", has_rows_beside=False)


def test_a_step_that_speed_would_hide_is_seen(bundle, tmp_path):
    """A fifth of what speed does to the level; live equals offline, before and after saving."""
    scored = score_recording(bundle, recording(2000, 9, step=0.8))
    score = np.concatenate([frame.score for frame in scored])
    assert np.nanmax(score[:1200]) <= 1
    assert (score[1260:] > 1).all()
    save_bundle(bundle, tmp_path / "conditioned")
    samples = recording(2000, 9, step=0.8).samples
    stream = DeviceStream(
        "m", samples.features, load_bundle(tmp_path / "conditioned"), SessionSettings()
    )
    parts = [Samples(samples.features, samples.ts[i : i + 77], samples.values[i : i + 77])
             for i in range(0, 2000, 77)]  # fmt: skip
    live = [frame for one in parts for frame in score_samples(stream, one, chunk=9, arrival=0.0)]
    found = np.concatenate([frame.score for frame in live])
    np.testing.assert_allclose(found, score, rtol=1e-6, atol=1e-6)
    reconstructed = np.concatenate([frame.reconstruction[:, 0] for frame in live])
    assert np.nanmax(np.abs(reconstructed - level(samples.values[:, 2:]))[100:]) < 0.3


def test_a_device_outside_of_it_says_so_and_no_more_when_it_is_back(bundle):
    """With the value and the range."""
    samples = recording(600, 9).samples
    samples.values[300:400, 2] = 3000.0
    stream = DeviceStream("m", samples.features, bundle, SessionSettings())
    said = []
    for start, end in ((0, 300), (300, 400), (400, 600)):
        part = Samples(samples.features, samples.ts[start:end], samples.values[start:end])
        score_samples(stream, part, chunk=9, arrival=0.0)
        said.append(stream.note)
    assert [("outside" in one) for one in said] == [False, True, False]


def test_a_machine_under_conditions_is_commissioned(bundle):
    """Its offset is what is left when the conditions are off."""
    made = recording(2500, 9)
    made.samples.values[:, 0] += 0.2
    own = learn_own(bundle, [made.samples], "m").own
    assert own.offset[0] * bundle.document.scaling.scale[0] == pytest.approx(0.2, abs=0.05)


def test_a_channel_is_a_feature_or_a_condition():
    """Not both."""
    with pytest.raises(TrainingError, match="load: feature and condition, allowed: one of them"):
        dataset_of([recording(500, 1)], features=["x", "load"], conditions=["load"],
                   find_running=False)  # fmt: skip


def test_what_is_missing_of_a_feature_changes_nothing():
    """Of the rows that show it the same is learnt, and of its neighbour nothing else."""
    rng = np.random.default_rng(3)
    given = [rng.uniform(400, 1500, (400, 1)) for _ in range(6)]
    seen = [np.hstack([np.log(one), -np.log(one)]) + rng.normal(0, 0.01, (400, 2)) for one in given]
    holed = [values.copy() for values in seen]
    for values in holed:
        values[::3, 0] = np.nan
    whole, found = (fit_conditions(["rpm"], values, given) for values in (seen, holed))
    np.testing.assert_allclose(found.weights[0], whole.weights[0], atol=0.01)
    np.testing.assert_allclose(found.weights[1], whole.weights[1], rtol=1e-9)
