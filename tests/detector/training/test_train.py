"""Networks, fitting, calibration and bundles."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import BundleError, TrainingError
from detector.networks.base import build_network
from detector.scoring.bundle import load_bundle, save_bundle
from detector.scoring.detectors import WithSignal
from detector.scoring.score import (
    EVERY,
    ScoreRule,
    Terms,
    contributions,
    flatness,
    smooth,
    window_terms,
)
from detector.scoring.scorer import score_windows
from detector.sessions.windows import windows
from detector.thresholds.methods import (
    false_alarms_per_day_bound,
    feature_mse_at,
    max_threshold,
    mse_at,
)
from detector.training.data.dataset import load_dataset
from detector.training.fitting.calibrate import (
    Conditioning,
    HeldOut,
    calibrate,
    slow_weights,
    splits,
)
from detector.training.fitting.fit import FitPlan, WindowPool, fit, pca_mse
from tests.support.motors import dataset, signal, small_bundle

PER_COLUMN = (
    *("weights", "spread_centre", "spread_low", "spread_high"),
    *("shift_scale", "peak_centre", "peak_high"),
)


@pytest.fixture(scope="module")
def bundle():
    """One small trained model for all tests that only read it."""
    return small_bundle()


def test_unknown_networks_and_fields_are_refused_with_what_is_allowed():
    """The line names the choices."""
    with pytest.raises(BundleError, match=r"allowed: .*lstm_ae"):
        build_network("gpt", {}, features=1, window=5)
    with pytest.raises(BundleError, match="unknown field depth, allowed: decoder_hidden, hidden"):
        build_network("lstm_ae", {"depth": 3}, features=1, window=5)


def test_the_same_seed_gives_the_same_weights():
    """Training is repeatable byte for byte, and another seed is another model."""

    def weights(seed):
        network = small_bundle(seed=seed, plan=FitPlan(epochs=1, epoch_steps=5)).model
        return torch.cat([p.flatten() for p in network.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_early_stopping_ends_training_but_not_before_the_minimum_of_steps():
    """A held-out loss that rises ends it; the minimum of steps holds against a plateau."""
    noise = np.random.default_rng(0).normal(size=(200, 1)).astype(np.float32)
    pool, held_out = WindowPool([noise[:60]], 10), WindowPool([noise[60:]], 10)

    def steps_with(min_steps):
        epochs = []
        plan = FitPlan(
            epochs=60, epoch_steps=10, min_steps=min_steps, patience=2, batch=8, learning_rate=3e-2
        )
        fit(
            "lstm_ae",
            {},
            pool,
            plan,
            seed=0,
            held_out=held_out,
            progress=lambda epoch, *_: epochs.append(epoch),
        )
        return len(epochs) * 7

    assert steps_with(1) < 60 * 7
    assert steps_with(300) >= 300


def test_a_loss_that_is_not_finite_stops_training():
    """NaN never becomes a bundle."""
    bad = np.full((100, 1), 1e30, np.float32)
    with pytest.raises(TrainingError, match="not finite"):
        fit(
            "lstm_ae",
            {},
            WindowPool([bad], 10),
            FitPlan(epochs=1),
            seed=0,
            held_out=None,
            progress=lambda *_: None,
        )


def test_pca_reconstructs_what_lies_in_few_directions():
    """The linear comparison is a real one: two components carry one sine."""
    t = np.arange(400)
    sine = np.sin(t / 5).astype(np.float32)[:, None]
    pool, held_out = WindowPool([sine[:300]], 20), WindowPool([sine[300:]], 20)
    assert pca_mse(pool, held_out, 2) < 1e-4 < pca_mse(pool, held_out, 1)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=8), st.integers(2, 40))
def test_held_out_blocks_never_share_a_sample_with_training(lengths, window):
    """Every window is held out once, and training keeps a gap of L samples from it."""
    ids = np.arange(sum(lengths), dtype=np.float64)
    cuts = np.cumsum(lengths)[:-1]
    sessions = [part[:, None] for part in np.split(ids, cuts)]
    try:
        blocks = splits(sessions, window)
    except TrainingError:
        return
    ends = []
    for block in blocks:
        trained = {int(i) for part in block.train for i in part[:, 0]}
        for number, first, end in block.held_out:
            held = {int(i) for i in sessions[number][first:end, 0]}
            assert not held & trained
            ends += [int(sessions[number][i, 0]) for i in range(first + window - 1, end)]
    assert len(ends) == len(set(ends))
    cut = max(lengths) * 5 > sum(lengths)
    long_enough = [s for s in sessions if len(s) >= (2 * 5 * window if cut else window)]
    assert {int(i) for s in long_enough for i in s[window - 1 :, 0]} <= set(ends)


def test_many_sessions_are_held_out_as_a_whole():
    """A unit that is scored was in no part of its network's training."""
    sessions = [np.full((300, 1), i, np.float32) for i in range(10)]
    for block in splits(sessions, 20):
        held = {number for number, _, _ in block.held_out}
        assert len(held) == 2
        assert not held & {int(part[0, 0]) for part in block.train}


def test_too_few_samples_for_held_out_blocks_are_refused():
    """The line says how many there are and how many it takes."""
    with pytest.raises(TrainingError, match="longest session has 60 samples, allowed: at least"):
        splits([np.zeros((60, 1), np.float32)], 25)


def test_slow_features_weigh_little_on_short_records():
    """A drifting temperature is not judged by its level; a vibration is."""
    rng = np.random.default_rng(0)
    n = 600
    drift = np.linspace(-2, 2, n) + rng.normal(0, 0.1, n)
    session = np.stack([drift, rng.normal(0, 1, n)], axis=1).astype(np.float32)
    slow, fast = slow_weights([session], [np.ones(n, np.bool_)])
    assert slow < 0.01
    assert fast > 0.8
    assert slow_weights([np.tile(session, (20, 1))], [np.ones(20 * n, np.bool_)]) == (1.0, 1.0)


def test_the_threshold_is_the_largest_held_out_score_with_a_margin():
    """1.0 is 1.25 times the largest normal score; unjudged windows do not count."""
    rng = np.random.default_rng(0)
    terms = terms_of(rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) ** 2)
    judged = np.ones(500, np.bool_)
    terms.log_mse[7], judged[7] = 99.0, False
    rule, placed = calibrate([HeldOut(terms, judged)], (1.0, 1.0), Conditioning(), 0.01)
    assert placed.windows == 499
    largest = rule.scores(rule.column_scores(terms))[judged].max()
    assert largest == pytest.approx(1 / 1.25)
    assert max_threshold(np.array([1.0, 4.0, np.nan])) == 5.0


def terms_of(log_mse, shift):
    """Terms of windows without a peak, and that never repeat a sample."""
    return Terms(log_mse, shift, np.full_like(log_mse, -50.0), np.zeros_like(log_mse))


def test_both_terms_count_in_both_directions():
    """Spread catches more and less vibration, shift catches a level; each alone is enough."""
    rule = ScoreRule(
        weights=(1.0,),
        spread_centre=(0.0,),
        spread_low=(0.5,),
        spread_high=(1.0,),
        shift_scale=(1.0,),
        threshold=1.0,
    )

    def score(log_mse, shift):
        return rule.column_scores(terms_of(np.array([[log_mse]]), np.array([[shift]])))[0, 0]

    assert score(0, 0) == 0
    assert score(3, 0) == score(-1.5, 0) == score(0, 3) == 3


def test_what_was_normal_for_a_base_is_normal_for_what_is_fine_tuned_from_it(bundle):
    """Scales and threshold are the larger of both, centres its own; another kind is left."""
    own = bundle.document.score
    base = replace(
        own,
        spread_centre=(9.0,) * 4,
        spread_low=tuple(2 * scale for scale in own.spread_low),
        shift_scale=tuple(0.5 * scale for scale in own.shift_scale),
        threshold=2 * own.threshold,
    )
    kept = own.at_least(base)
    assert kept.spread_low == base.spread_low
    assert (kept.shift_scale, kept.spread_centre) == (own.shift_scale, own.spread_centre)
    assert kept.threshold == base.threshold
    assert own.at_least(replace(base, smoothing=7)) == own
    assert own.at_least(replace(base, flat_scale=())) == own


def test_window_terms_are_mse_and_squared_mean():
    """Signed residuals are averaged before squaring for the shift, after for the spread."""
    residual = np.array([[[1.0], [-1.0]], [[2.0], [2.0]]])
    terms = window_terms(residual, residual)
    np.testing.assert_allclose(np.exp(terms.log_mse)[:, 0], [1, 4])
    np.testing.assert_allclose(terms.shift[:, 0], [0, 4])
    np.testing.assert_allclose(terms.mse, [1, 4])


def test_the_peak_is_the_largest_squared_residual():
    """One sample of many; its mean would hide it."""
    residual = np.zeros((1, 60, 2))
    residual[0, 30, 1] = -3.0
    terms = window_terms(residual, residual)
    np.testing.assert_allclose(np.exp(terms.log_peak)[0], [0, 9], atol=1e-9)


def test_flatness_is_the_share_of_samples_that_repeat_the_one_before():
    """Stuck, clipped and coarse signals repeat themselves, a small step is one too."""
    ramp, stuck, half = np.arange(5.0), np.ones(5), np.array([0.0, 0.0, 1.0, 1.001, 2.0])
    found = flatness(np.stack([ramp, stuck, half], axis=1)[None])
    np.testing.assert_allclose(found[0], [0, 1, 0.5])
    assert flatness(np.zeros((3, 1, 2))).tolist() == [[0, 0]] * 3  # one sample repeats nothing


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda x: np.where(np.arange(len(x)) % 50 == 0, x + 1.5, x), "peak"),
        (lambda x: np.clip(x, -0.5, 0.5), "flat"),
        (lambda x: np.round(x / 0.7) * 0.7, "flat"),
    ],
    ids=["spikes", "clipped", "coarse"],
)
def test_each_plain_term_sees_what_it_is_for(bundle, change, column):
    """Spikes by the peak, clipping and coarse steps by flatness; normal by neither."""
    scaling, rule = bundle.document.scaling, bundle.document.score

    def terms(values):
        scaled = ((values - scaling.centre) / scaling.scale).astype(np.float32)
        return score_windows(bundle.detector, windows(scaled, 25), 256).terms

    def reached(values):
        found = terms(values)
        if column == "peak":
            return ((found.log_peak - rule.peak_centre) / rule.peak_high)[:, [0, 2]].max(axis=1)
        return found.flat[:, 0] / rule.flat_scale[0]

    faulty = signal(1000, 99)
    faulty[:, 0] = change(faulty[:, 0])
    assert (reached(faulty) / rule.threshold > 1).mean() > 0.4
    assert (reached(signal(1000, 99)) / rule.threshold > 1).mean() < 0.01


def test_the_signal_is_judged_beside_the_residual(bundle):
    """What a network reconstructs although it is wrong still shows; the MSE is the residual's."""
    detector = bundle.detector
    assert isinstance(detector, WithSignal)
    batch = np.random.default_rng(0).normal(size=(10, 25, 2)).astype(np.float32)
    both, alone = detector.examine(batch), detector.inner.examine(batch)
    assert detector.groups == (0, 1, 0, 1)
    np.testing.assert_array_equal(both.terms.first(2).log_mse, alone.terms.log_mse)
    own = detector.scaling.apply(batch)
    np.testing.assert_allclose(np.exp(both.terms.log_mse[:, 2:]), (own**2).mean(1), rtol=1e-5)
    np.testing.assert_array_equal(both.mse, alone.terms.mse)
    assert len(bundle.card().mse_log_gain) == 2
    for alone in (
        small_bundle(network="pca", config={}, signal=False),
        small_bundle(network="zscore", config={}),  # its residual is the signal
        small_bundle(network="pca", config={}, judges="mse"),
    ):
        assert len(alone.detector.groups) == 2
        assert alone.document.signal is None


@given(st.integers(1, 6), st.lists(st.integers(0, 5), min_size=1, max_size=10))
def test_smoothing_does_not_depend_on_batches(width, sizes):
    """A causal mean over the newest windows, however they arrive."""
    rng = np.random.default_rng(0)
    terms = Terms(*rng.random((4, sum(sizes), 2)))
    before, parts, end = terms.part(0, 0), [], 0
    for size in sizes:
        part = terms.part(end, end + size)
        parts.append(smooth(part, width, before))
        before, end = before.then(part).newest(width - 1), end + size
    whole = smooth(terms, width, terms.part(0, 0))
    for name in ("log_mse", "shift", "log_peak", "flat"):
        np.testing.assert_allclose(
            np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name)
        )
        for i in range(sum(sizes)):
            expected = getattr(terms, name)[max(i - width + 1, 0) : i + 1].mean(axis=0)
            np.testing.assert_allclose(getattr(whole, name)[i], expected)


def test_contributions_are_shares():
    """They sum to one, and no score means no share."""
    assert contributions(np.array([1.0, 3.0]), (0, 1), 2).tolist() == [0.25, 0.75]
    assert contributions(np.zeros(2), (0, 1), 2).tolist() == [0, 0]
    assert contributions(np.array([1.0, 2.0, 2.0]), (0, 0, 1), 2).tolist() == [0.5, 0.5]
    assert contributions(np.array([3.0]), (EVERY,), 2).tolist() == [0.5, 0.5]


def test_the_false_alarm_bound_is_the_rule_of_three_and_falls_with_hours():
    """No alarm in 24 h still allows three a day; more hours allow fewer."""
    assert false_alarms_per_day_bound(0, 24.0) == pytest.approx(3.0, rel=0.01)
    assert false_alarms_per_day_bound(0, 240.0) == pytest.approx(0.3, rel=0.01)
    assert false_alarms_per_day_bound(2, 24.0) == pytest.approx(6.30, rel=0.02)  # Poisson table


def test_the_mse_of_a_score_is_where_each_feature_reaches_it(bundle):
    """A feature whose window MSE is the translated one scores exactly that much."""
    card, rule = bundle.card(), bundle.document.score
    for wanted in (0.5, 1.0, 2.0):
        at = feature_mse_at(wanted, card.mse_log_centre, card.mse_log_gain)
        terms = terms_of(np.log(at)[None], np.zeros((1, 2)))
        residual = replace(rule, **{key: getattr(rule, key)[:2] for key in PER_COLUMN})
        np.testing.assert_allclose(residual.column_scores(terms)[0, :2], wanted)
        assert mse_at(wanted, card.mse_log_centre, card.mse_log_gain) == pytest.approx(at.mean())


def test_a_planted_fault_scores_above_the_threshold_and_normal_below(bundle):
    """What the whole of training is for."""
    scaling = bundle.document.scaling
    normal = signal(1000, 99)
    faulty = normal.copy()
    faulty[500:, 0] += 1.0

    def scores(values):
        scaled = ((values - scaling.centre) / scaling.scale).astype(np.float32)
        terms = score_windows(bundle.detector, windows(scaled, 25), 256).terms
        return bundle.document.score.column_scores(terms).max(axis=1)

    assert (scores(normal) > 1).mean() < 0.01
    assert (scores(faulty)[500:] > 1).mean() > 0.95


def test_a_saved_bundle_scores_as_before(bundle, tmp_path):
    """Save, load, equal to the last bit; and the same bundle gives the same bytes."""
    save_bundle(bundle, tmp_path / "small")
    loaded = load_bundle(tmp_path / "small")
    batch = np.random.default_rng(0).normal(size=(10, 25, 2)).astype(np.float32)
    np.testing.assert_array_equal(
        score_windows(bundle.detector, batch, 256).terms.log_mse,
        score_windows(loaded.detector, batch, 256).terms.log_mse,
    )
    assert msgspec.to_builtins(loaded.document) == msgspec.to_builtins(bundle.document)
    first = [p.read_bytes() for p in sorted((tmp_path / "small").iterdir())]
    save_bundle(loaded, tmp_path / "small")
    assert [p.read_bytes() for p in sorted((tmp_path / "small").iterdir())] == first
    assert len(first) == 2


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"format": 9}, "format 9, allowed: 1"),
        ({"window": 0}, "window is 0, allowed: above 0"),
        ({"window": "long"}, r"Expected `int`, got `str` - at `\$.window`"),
        ({"colour": "blue"}, "unknown field `colour`"),
        ({"network": "gpt"}, "allowed: .*lstm_ae"),
        ({"features": []}, "has 2 values, allowed: 0"),
        ({"config": {"hidden": 9}}, "weights do not fit"),
        ({"stride": 2}, "stride 2, allowed: 1"),
    ],
)
def test_a_broken_bundle_is_refused_by_name(bundle, tmp_path, change, line):
    """Loading checks everything and says in one line what is wrong."""
    save_bundle(bundle, tmp_path / "b")
    path = tmp_path / "b" / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(BundleError, match=line) as caught:
        load_bundle(tmp_path / "b")
    assert "\n" not in str(caught.value)


def test_cut_off_weights_and_missing_files_are_refused(bundle, tmp_path):
    """A half-copied model is not loaded."""
    with pytest.raises(BundleError, match="cannot be read"):
        load_bundle(tmp_path / "none")
    save_bundle(bundle, tmp_path / "b")
    weights = tmp_path / "b" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(BundleError, match="weights do not fit"):
        load_bundle(tmp_path / "b")


def test_labelled_faults_are_kept_out_of_training(tmp_path):
    """Training sees normal sessions only; a row limit may leave the fault out."""
    path = tmp_path / "a.csv"
    rows = "".join(f"{i},{i % 7},{int(i >= 50)}\n" for i in range(60))
    path.write_text("ts,x,label\n" + rows)
    with pytest.raises(TrainingError, match="10 samples are labelled"):
        load_dataset([(path, None)])
    assert len(load_dataset([(path, 50)]).sessions[0].ts) == 50


def test_the_running_signal_is_found_and_is_no_model_feature(tmp_path):
    """A tachometer column is judged within 2 % of its nominal speed."""
    path = tmp_path / "a.csv"
    rows = "".join(f"{i},{i % 7},{600 if i > 20 else 0}\n" for i in range(60))
    path.write_text("ts,x,rpm\n" + rows)
    found = load_dataset([(path, None)])
    assert found.features == ("x",)
    assert (found.signal.feature, found.signal.min, found.signal.max) == ("rpm", 588, 612)
    assert found.sessions[0].running.sum() == 39
    assert load_dataset([(path, None)], find_running=False).signal is None


def test_files_of_another_rate_or_other_features_are_refused(tmp_path):
    """The line names the odd file."""
    (tmp_path / "a.csv").write_text("ts,x\n" + "".join(f"{i},{i}\n" for i in range(9)))
    (tmp_path / "b.csv").write_text("ts,x\n" + "".join(f"{i},{i}\n" for i in range(9)))
    (tmp_path / "c.csv").write_text("ts,x\n" + "".join(f"{i * 2},{i}\n" for i in range(9)))
    with pytest.raises(TrainingError, match=r"c.csv: sampled every 2 s"):
        load_dataset([(tmp_path, None)])
    (tmp_path / "c.csv").write_text("ts,y\n" + "".join(f"{i},{i}\n" for i in range(9)))
    with pytest.raises(TrainingError, match=r"c.csv: features y; a.csv has x"):
        load_dataset([(tmp_path, None)])


def test_training_says_how_much_its_threshold_rests_on(bundle):
    """Method, windows, hours and the bound they allow are in the bundle."""
    found = bundle.document.calibration
    assert found.method == "max"
    assert found.windows == sum(len(s.ts) - 49 for s in dataset().sessions)
    assert found.false_alarms_per_day_bound == pytest.approx(3 * 24 / found.hours, rel=0.01)
