"""Training from beginning to end: repeatable, ended in time, and able to find a fault."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from detector.errors import TrainingError
from detector.networks.base import build_network
from detector.scoring.scorer import score_windows
from detector.sessions.windows import windows
from detector.training.fitting.fit import FitPlan, WindowPool, fit, pca_mse
from detector.training.fitting.run import Run
from tests.support.motors import dataset, signal, small_bundle


def test_the_same_seed_gives_the_same_weights():
    """Training is repeatable byte for byte, and another seed is another model."""

    def weights(seed):
        network = small_bundle(seed=seed, plan=FitPlan(epochs=1, epoch_steps=5)).model
        return torch.cat([p.flatten() for p in network.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_no_square_root_of_a_step_is_estimated_by_processor():
    """Unfused, Adam takes them from a library that starts from the processor's own estimate."""
    network = build_network("dense_ae", {}, features=1, window=10)
    pool = WindowPool([np.zeros((40, 1), np.float32)], 10)
    assert Run(network, pool, FitPlan(), 0).optimizer.defaults["fused"] is True


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


def test_training_says_how_much_its_threshold_rests_on(bundle):
    """Method, windows, hours and the bound they allow are in the bundle."""
    found = bundle.document.calibration
    assert found.method == "max"
    assert found.windows == sum(len(s.ts) - 49 for s in dataset().sessions)
    assert found.false_alarms_per_day_bound == pytest.approx(3 * 24 / found.hours, rel=0.01)
