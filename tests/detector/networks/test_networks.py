"""One contract over the whole family of networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from detector.errors import BundleError
from detector.networks.base import NETWORKS, build_network
from detector.scoring.bundle import load_bundle
from detector.scoring.detectors import ByNetwork
from detector.scoring.scorer import score_windows
from detector.training.fitting.fit import FitPlan, WindowPool, fit, mse
from tests.support.golden import GOLDEN, golden_scores
from tests.support.network_cases import CASES, WINDOW, fresh, held_out, sines, trained

MODELS = Path(__file__).resolve().parents[3] / "models"


def residual(network, x):
    """What is scored of some windows."""
    with torch.inference_mode():
        return network.residual(x)[1]


def test_every_network_is_under_the_contract():
    """A network that is registered is tested here."""
    assert {name for name, _ in CASES.values()} == set(NETWORKS)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("features", "window"), [(1, 8), (1, 25), (3, 20), (5, 33)])
def test_shapes_are_kept_for_one_feature_and_odd_windows(case, features, window):
    """(B, L, F) in and out in the default size, finite, the same again, and gradients flow."""
    name, config = CASES[case]
    kept = {key: value for key, value in config.items() if key == "variant"}
    torch.manual_seed(0)
    network = build_network(name, kept, features=features, window=window)
    x = torch.randn(5, window, features)
    network.loss(x, 0.5).backward()
    network.eval()
    with torch.inference_mode():
        for found in (network(x), *network.residual(x)):
            assert found.shape == x.shape
            assert torch.isfinite(found).all()
        assert torch.equal(network.residual(x)[1], network.residual(x)[1])
        assert torch.equal(network.residual(x)[0], network(x))
    assert all(p.grad is not None for p in network.parameters() if p.requires_grad)


@pytest.mark.parametrize("case", CASES)
def test_one_feature_is_not_flattened(case):
    """Windows of a single feature that differ in level are told apart."""
    network = fresh(case, features=1).eval()
    x = torch.linspace(-2, 2, 5)[:, None, None].expand(-1, WINDOW, 1)
    with torch.inference_mode():
        assert network(x)[:, -1, 0].std() > 1e-4


@pytest.mark.parametrize("case", CASES)
def test_no_window_depends_on_its_batch(case):
    """Alone, among others, and among wild others a window has the same residual."""
    network, x = trained(case), held_out()[:40]
    together = residual(network, x)
    for i in (0, 1, 39):
        torch.testing.assert_close(
            residual(network, x[i : i + 1])[0], together[i], atol=1e-5, rtol=0
        )
    wild = torch.cat([x[:1], 50 * x[1:]])
    assert torch.equal(residual(network, wild)[0], together[0])
    terms = score_windows(ByNetwork(network, x.shape[2]), x.numpy(), chunk=7).terms
    whole = score_windows(ByNetwork(network, x.shape[2]), x.numpy(), chunk=256).terms
    np.testing.assert_allclose(terms.log_mse, whole.log_mse, rtol=0, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_every_network_overfits_one_batch(case):
    """A network that cannot learn 8 windows by heart has a broken gradient."""
    name, config = CASES[case]
    pool = WindowPool([sines(WINDOW + 7, 1)] * 20, WINDOW)
    plan = FitPlan(epochs=10, epoch_steps=20, batch=8, learning_rate=2e-2)
    network = fit(name, config, pool, plan, seed=0, held_out=None, progress=lambda _: None).network
    windows = pool.gather(torch.arange(8))
    assert mse(network, windows) < 0.1 * windows.var().item()


@pytest.mark.parametrize("case", CASES)
def test_a_planted_fault_leaves_a_larger_residual(case):
    """On held-out windows nearly every faulty one stands above nearly every normal one."""
    network, normal = trained(case), held_out()
    generator = torch.Generator().manual_seed(0)
    shifted, noisy, mixed = normal.clone(), normal.clone(), normal.clone()
    shifted[:, :, 0] += 0.7
    noisy[:, :, 1] += 0.5 * torch.randn(noisy.shape[:2], generator=generator)
    mixed[:, :, 0] += torch.sin(torch.arange(WINDOW) * 2 * torch.pi / 5)
    limit = (residual(network, normal) ** 2).mean(dim=(1, 2)).quantile(0.95)
    for faulty in (shifted, noisy, mixed):
        size = (residual(network, faulty) ** 2).mean(dim=(1, 2))
        assert (size > limit).float().mean() > 0.9


@pytest.mark.parametrize("case", CASES)
def test_the_residual_is_signed(case):
    """Too high a level leaves the reconstruction below it, too low a level above."""
    network, normal = trained(case), held_out()
    above = residual(network, normal + 1.5).mean(dim=1)
    below = residual(network, normal - 1.5).mean(dim=1)
    assert (above < 0).float().mean() > 0.9
    assert (below > 0).float().mean() > 0.9


@pytest.mark.parametrize("case", CASES)
def test_the_scored_last_sample_is_inside_the_window(case):
    """A spike at the newest sample shows in its own residual at once."""
    network, normal = trained(case), held_out()
    spiked = normal.clone()
    spiked[:, -1, 0] += 4
    assert (residual(network, spiked)[:, -1, 0].abs() > 1).float().mean() > 0.95
    assert (residual(network, normal)[:, -1, 0].abs() < 1).float().mean() > 0.95


@pytest.mark.parametrize("case", CASES)
def test_saved_weights_give_equal_residuals(case):
    """All that scoring needs is in the state: weights, periods, moments."""
    network, x = trained(case), held_out()[:8]
    again = fresh(case).eval()
    assert not torch.equal(residual(again, x), residual(network, x))
    again.load_state_dict(load(save(dict(network.state_dict()))))
    assert torch.equal(residual(again, x), residual(network, x))


@pytest.mark.parametrize("case", CASES)
def test_scoring_leaves_a_network_as_it_is(case):
    """Nothing is learnt and nothing drawn once training is over."""
    network = trained(case)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    random = torch.get_rng_state()
    residual(network, 3 * held_out())
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize("case", CASES)
def test_the_latent_is_narrower_than_a_short_window(case):
    """A latent as wide as its window learns to copy; the plain LSTM keeps its asked width."""
    assert fresh(case).latent == CASES[case][1].get("latent", 8)
    if case not in {"lstm_ae", "lstm_ae_folded"}:
        assert fresh(case, features=1, window=8).latent == 4


@pytest.mark.parametrize("case", sorted(one.parent.name for one in GOLDEN.glob("*/scores.json")))
def test_golden_bundles_still_score_the_same(case):
    """A bundle written by an earlier version loads and gives its scores of then."""
    expected = json.loads((GOLDEN / case / "scores.json").read_text())
    assert case in CASES or case.removesuffix("_with_signal") in CASES
    found = golden_scores(load_bundle(GOLDEN / case))
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["motor-600rpm", "motor-1200rpm"])
def test_shipped_bundles_load(name):
    """What is shipped fits the code it is shipped with, and is the folded form."""
    network = load_bundle(MODELS / name).model
    assert type(network).__name__ == "FoldedLstmAe"


@pytest.mark.parametrize(
    ("name", "config", "line"),
    [
        ("dense_ae", {"latent": 0}, r"Expected `int` >= 1 - at `\$.latent`"),
        ("tranad", {"heads": 1.5}, r"Expected `int`, got `float` - at `\$.heads`"),
        ("vae", {"sigma": 0.0}, r"Expected `float` > 0.0 - at `\$.sigma`"),
        ("vae", {"warm_up": 2.0}, r"Expected `float` <= 1.0 - at `\$.warm_up`"),
        ("lstm_ae", {"variant": "gru"}, r"Invalid enum value 'gru' - at `\$.variant`"),
        ("timesnet", {"depth": 3}, "unknown field depth, allowed: hidden, kernels, latent"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(name, config, line):
    """One line with the network, the field and what is allowed."""
    with pytest.raises(BundleError, match=f"network {name}: .*{line}"):
        build_network(name, config, features=2, window=20)
