"""Ways to train: each leaves its trace in the bundle, and live equals offline with all of them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from detector.errors import BundleError, TrainingError
from detector.records import Samples
from detector.scoring.bundle import load_bundle, save_bundle
from detector.scoring.stream import DeviceStream, score_samples
from detector.settings.sessions import SessionSettings
from detector.training.data.prepare import prepare
from detector.training.fitting.fit import FitPlan
from detector.training.lab.labelled import place_f2
from detector.training.select import choose_network
from detector.training.train import train
from tests.support.motors import FEATURES, dataset, live, small_bundle, small_options, with_fault
from tests.support.training.sessions import write

DENSE = {"network": "dense_ae", "config": {"hidden": 8, "latent": 4}}
SEEN = {"segments": 1, "bands": 2}  # window features


KINDS = {
    "zscore": {"network": "zscore", "config": {}},
    "pca": {"network": "pca", "config": {}},
    "knn": {"network": "knn", "config": {"windows": 500}},
    "zscore of features": {"network": "zscore", "config": {}, **SEEN},
    "pca of features": {"network": "pca", "config": {}, **SEEN},
    "knn of features": {"network": "knn", "config": {"windows": 500}, **SEEN},
    "dense_ae of features": {**DENSE, **SEEN},
    "trimmed and smoothed": {"network": "zscore", "config": {}, "trim": 60, "smoothing": 3},
    "plain MSE": {"network": "zscore", "config": {}, "judges": "mse"},
}


@pytest.fixture(scope="module")
def bundles():
    """One of each kind, trained once."""
    return {name: small_bundle("small", **options) for name, options in KINDS.items()}


def scored(bundle, samples, sizes=()):
    """The frames of samples in batches of the given sizes and the rest."""
    stream = DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings())
    edges = [0, *np.minimum(np.cumsum(sizes, dtype=int), len(samples)).tolist(), len(samples)]
    frames = []
    for first, end in itertools.pairwise(edges):
        part = Samples(samples.features, samples.ts[first:end], samples.values[first:end])
        frames += score_samples(stream, part, chunk=64, arrival=0)
    return frames


def joined(frames, field):
    """One array of a field over all frames."""
    return np.concatenate([getattr(frame, field) for frame in frames])


@pytest.mark.parametrize("name", KINDS)
def test_a_saved_bundle_scores_as_before(bundles, name, tmp_path):
    """References and window features come back from disk to the last bit."""
    save_bundle(bundles[name], tmp_path / "b")
    samples = with_fault(live(300, 5), 150, 200)
    loaded = load_bundle(tmp_path / "b")
    assert loaded.document == bundles[name].document
    np.testing.assert_array_equal(
        joined(scored(loaded, samples), "score"), joined(scored(bundles[name], samples), "score")
    )


@pytest.mark.parametrize("sizes", [[1] * 40, [7, 90, 3], [24, 1, 25, 100]])
@pytest.mark.parametrize("name", KINDS)
def test_live_equals_offline_in_any_batches(bundles, name, sizes):
    """To 1e-6, with the same flags."""
    samples = with_fault(live(300, 5), 150, 200)
    whole, parts = scored(bundles[name], samples), scored(bundles[name], samples, sizes)
    for field in ("judged", "anomaly"):
        np.testing.assert_array_equal(joined(parts, field), joined(whole, field))
    for field in ("score", "mse"):
        np.testing.assert_allclose(
            joined(parts, field), joined(whole, field), rtol=1e-6, atol=1e-6, equal_nan=True
        )


@pytest.mark.parametrize("name", KINDS)
def test_a_planted_fault_is_found_and_its_shares_sum_to_one(bundles, name):
    """Normal samples stay below the threshold; every feature has its share."""
    frames = scored(bundles[name], with_fault(live(400, 10), 200, 300))
    anomaly = joined(frames, "anomaly")
    assert anomaly[215:300].mean() > 0.9
    assert anomaly[:200].mean() < 0.03
    assert frames[0].contributions.sum() == pytest.approx(1.0, abs=1e-5)
    assert frames[0].contributions[2] == 0.0


def test_features_name_the_feature_they_come_from(bundles):
    """A fault in x is laid at its door, though the model saw columns."""
    [frame] = scored(bundles["zscore of features"], with_fault(live(400, 10), 200, 300))
    assert frame.features[int(frame.contributions.argmax())] == "x"


def test_trimmed_samples_are_judged_neither_live_nor_in_training(bundles):
    """The first judged window begins after them, in both alike."""
    bundle, chosen = bundles["trimmed and smoothed"], small_options(trim=60).preparation
    [frame] = scored(bundle, live(300, 5))
    first = 60 + 25 - 1
    assert not frame.judged[:first].any()
    assert frame.judged[first:].all()
    assert np.isfinite(frame.score[24:]).all()
    ready = prepare(dataset(), chosen)
    trained_on = [len(session) for session in ready.sessions]
    assert trained_on == [1200 - 60] * 3
    assert bundle.document.calibration.windows == sum(n - 24 for n in trained_on)


METHODS = {"max": {}, "quantile": {}, "sigma": {}}


@pytest.mark.parametrize("method", METHODS)
def test_each_threshold_method_leaves_its_name(method):
    """And places the threshold elsewhere than the others."""
    found = small_bundle(network="zscore", config={}, threshold=method).document
    assert found.calibration.method == method
    largest = small_bundle(network="zscore", config={}).document.score.threshold
    assert (found.score.threshold == largest) == (method == "max")


def test_pot_leaves_its_name_where_there_is_enough_data():
    """It extrapolates a tail, so it asks for more than the others."""
    long = dataset(sessions=6, n=12_000)
    made = train(long, small_options(network="zscore", config={}, threshold="pot"), "pot")
    assert made.document.calibration.method == "pot"
    with pytest.raises(TrainingError, match="allowed: at least") as caught:
        small_bundle(network="zscore", config={}, threshold="pot")
    assert "\n" not in str(caught.value)


def test_f2_moves_the_threshold_by_labelled_sessions(bundles, tmp_path):
    """A fault that stays below the largest normal score is found after it."""
    samples, label = live(3000, 20), np.zeros(3000)
    samples.values[1500:2500, 0] += 0.25
    label[1525:2500] = 1
    write(tmp_path / "a.csv", samples, label)
    before = bundles["zscore"].document
    after = place_f2(
        bundles["zscore"], [tmp_path / "a.csv"], small_options().conditioning.threshold_rule
    )
    assert after.document.calibration.method == "f2"
    assert after.document.score.threshold != before.score.threshold
    assert after.document.score.spread_high == before.score.spread_high


def test_f2_refuses_sessions_without_a_label(bundles, tmp_path):
    """One line that names the file."""
    write(tmp_path / "a.csv", live(300, 20))
    with pytest.raises(TrainingError, match=r"a\.csv: no label column, --threshold f2 needs one"):
        place_f2(bundles["zscore"], [tmp_path], small_options().conditioning.threshold_rule)


@pytest.mark.parametrize(
    ("option", "changed"),
    [({"two_sided": False}, "two_sided"), ({"shifts": False}, "shifts"),
     ({"judges": "mse"}, "judges"), ({"weigh_slow": False}, "weights"),
     ({"smoothing": 4}, "smoothing")],
)  # fmt: skip
def test_a_part_left_out_changes_the_rule(option, changed):
    """Each can be switched off, and the scores follow."""
    slow = dataset()
    for number, session in enumerate(slow.sessions):
        session.values[:, 1] += np.linspace(-2, 2, 1200) * (1 + number)
    rules = [
        train(slow, small_options(network="zscore", config={}, **chosen), "a").document.score
        for chosen in ({}, option)
    ]
    assert getattr(rules[0], changed) != getattr(rules[1], changed)
    assert rules[0].weights[1] < 1


def test_the_plain_mse_is_the_score_where_it_judges(bundles):
    """In units of the threshold."""
    bundle = bundles["plain MSE"]
    [frame] = scored(bundle, live(200, 3))
    np.testing.assert_allclose(
        frame.score[24:], frame.mse[24:] / bundle.document.score.threshold, rtol=1e-5
    )


@pytest.fixture
def few_faults(monkeypatch):
    """Two severities; the other three cost seconds."""
    monkeypatch.setattr("detector.training.select.SEVERITIES", (0.05, 0.25))


def choose(sessions, candidates, options=None):
    """What auto chooses, and what it tells on the way."""
    steps = []
    chosen, told = choose_network(
        sessions, options or small_options(), candidates, lambda *step: steps.append(step)
    )
    return chosen, told, steps


def test_auto_puts_faults_in_bursts(few_faults):
    """Each too short for one; those of one machine are heard together."""
    made = dataset(sessions=20, n=1000)
    bursts = tuple(
        replace(one, ts=one.ts + 40.0 * number, machine="m")
        for number, one in enumerate(made.sessions)
    )
    chosen, told, _ = choose(replace(made, sessions=bursts), ["zscore"])
    assert told.splitlines()[-1] == "chosen: zscore"
    assert chosen.recipe.name == "zscore"


def test_auto_tells_what_each_candidate_finds(few_faults):
    """Every candidate with its limits, at the same false alarms, and the one that is taken."""
    sessions = dataset(sessions=1, n=15_000)
    chosen, told, steps = choose(sessions, ["mahalanobis", "zscore"])
    rows = {line.split()[0]: line.split()[1:4] for line in told.splitlines()[2:4]}
    found = {name: int(row[0]) / int(row[2]) for name, row in rows.items()}
    assert set(rows) == {"mahalanobis", "zscore"}
    assert 0.5 < found["mahalanobis"] < found["zscore"] < 1
    assert told.splitlines()[-1] == f"chosen: {chosen.recipe.name}"
    assert steps == [("trying mahalanobis", 0, 2), ("trying zscore", 1, 2)]


def test_a_candidate_that_cannot_be_trained_leaves_the_others(few_faults):
    """With its reason; where none can be, that is the refusal."""
    sessions = dataset(sessions=1, n=15_000)
    refused = {**DENSE, "config": {}}
    options = small_options(**refused, plan=FitPlan(epochs=1, min_steps=1, learning_rate=1e12))
    chosen, told, _ = choose(sessions, ["dense_ae", "zscore"], options)
    assert chosen.recipe.name == "zscore"
    assert "not tried: dense_ae: training: the loss is not finite" in told
    with pytest.raises(TrainingError, match="the loss is not finite"):
        choose(sessions, ["dense_ae"], options)


def test_auto_refuses_what_it_cannot_compare():
    """Before any candidate is trained."""
    with pytest.raises(BundleError, match="'gpt', allowed: "):
        choose(dataset(), ["zscore", "gpt"])
    with pytest.raises(TrainingError, match="no candidate"):
        choose(dataset(), [])
