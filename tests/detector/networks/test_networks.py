"""One contract over the whole family of networks, and what is particular to each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save

from detector.errors import BundleError
from detector.networks.anomaly_transformer import discrepancy
from detector.networks.base import NETWORKS, build_network
from detector.networks.layers import fold, unfold
from detector.networks.tranad import combine
from detector.scoring.bundle import load_bundle
from detector.scoring.detectors import ByNetwork
from detector.scoring.scorer import score_windows
from detector.training.fitting.fit import FitPlan, WindowPool, fit, mse
from tests.support.golden import GOLDEN, golden_scores
from tests.support.network_cases import CASES, PERIOD, WINDOW, held_out, sines, trained

MODELS = Path(__file__).resolve().parents[3] / "models"


def fresh(case, *, features=2, window=WINDOW, **changes):
    """An untrained network."""
    torch.manual_seed(0)
    name, config = CASES[case]
    return build_network(name, {**config, **changes}, features=features, window=window)


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
    if not case.startswith("lstm"):
        assert fresh(case, features=1, window=8).latent == 4


@pytest.mark.parametrize("case", sorted(folder.name for folder in GOLDEN.iterdir()))
def test_golden_bundles_still_score_the_same(case):
    """A bundle written by an earlier version loads and gives its scores of then."""
    expected = json.loads((GOLDEN / case / "scores.json").read_text())
    assert case in CASES or case.removesuffix("_with_signal") in CASES
    found = golden_scores(load_bundle(GOLDEN / case))
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5, atol=1e-5)


def test_a_config_without_a_variant_is_the_repeat_vector_lstm():
    """What was trained before there were two forms stays what it was."""
    network = build_network("lstm_ae", {"hidden": 32, "decoder_hidden": 64}, features=3, window=60)
    assert type(network).__name__ == "RepeatLstmAe"
    assert network.latent == 32


@pytest.mark.parametrize("name", ["motor-600rpm", "motor-1200rpm"])
def test_shipped_bundles_load(name):
    """What is shipped fits the code it is shipped with, and is the folded form."""
    network = load_bundle(MODELS / name).model
    assert type(network).__name__ == "FoldedLstmAe"


@given(st.integers(1, 40), st.integers(1, 7))
def test_folding_keeps_every_sample_and_the_newest_in_place(window, samples):
    """A window that does not divide is filled at its old end and cut there again."""
    x = torch.arange(2.0 * window * 3).reshape(2, window, 3)
    folded = fold(x, samples)
    assert folded.shape == (2, -(-window // samples), samples * 3)
    assert torch.equal(folded[:, -1, -3:], x[:, -1])
    assert torch.equal(unfold(folded, features=3, window=window), x)


def test_the_folded_decoder_gives_the_newest_step_first():
    """Its first step, made of the latent's state alone, lands at the window's new end."""
    network, x = fresh("lstm_ae_folded").eval(), held_out()[:1]
    seen = []
    network.output.register_forward_hook(lambda _module, _given, result: seen.append(result))
    with torch.inference_mode():
        reconstruction = network(x)
    assert torch.equal(seen[0][0, 0].reshape(3, 2), reconstruction[0, -3:])
    assert torch.equal(seen[0][0, -1].reshape(3, 2), reconstruction[0, :3])


def test_the_vae_draws_in_its_loss_and_never_elsewhere():
    """Reconstruction comes from the latent's mean, in training mode too."""
    network, x = fresh("vae").train(), held_out()[:8]
    assert network.loss(x, 1.0).item() != network.loss(x, 1.0).item()
    assert torch.equal(network(x), network.decode(network.encode(x)[0]))


def test_the_vae_warms_its_divergence_up():
    """From 0 to beta over the first share of the training, and it counts in the loss."""
    network, x = fresh("vae", beta=2.0, warm_up=0.5), held_out()[:8]
    assert [network.beta(p) for p in (0, 0.25, 0.5, 1)] == [0, 1, 2, 2]
    assert fresh("vae", warm_up=0.0).beta(0) == 1

    def loss(progress):
        torch.manual_seed(0)
        return network.loss(x, progress).item()

    assert loss(0.5) - loss(0.25) == pytest.approx(loss(0.25) - loss(0), rel=1e-3)
    assert loss(0.5) > loss(0)


def test_a_fixed_sigma_stays_and_a_learnt_one_finds_the_noise():
    """The learnt one comes near the noise of the sines, 0.1, per feature."""
    fixed = fresh("vae", sigma=0.5)
    fixed.loss(held_out(), 1.0).backward()
    assert fixed.log_sigma.grad is None
    assert fixed.log_sigma.exp().tolist() == pytest.approx([0.5, 0.5])
    assert trained("vae").log_sigma.exp().tolist() == pytest.approx([0.1, 0.1], rel=0.5)


@pytest.mark.parametrize("case", ["transformer_ae", "tranad", "anomaly_transformer"])
def test_attention_runs_over_time_and_not_over_the_batch(case):
    """A changed token reaches the others of its window and no other window."""
    network = fresh(case).eval()
    block = network.blocks[0] if case == "anomaly_transformer" else network.encoder
    tokens = torch.randn(3, 12, 8)
    changed = tokens.clone()
    changed[0, 0] = torch.randn(8)
    with torch.no_grad():
        before, after = block(tokens), block(changed)
    if case == "anomaly_transformer":
        before, after = before[0], after[0]
    assert (after[0, 1:] != before[0, 1:]).any(dim=1).all()
    assert torch.equal(after[1:], before[1:])


@pytest.mark.parametrize("case", ["transformer_ae", "tranad", "anomaly_transformer", "timesnet"])
def test_blocks_are_told_the_position(case):
    """Attention has no order of its own: in a constant window each token is still another."""
    network, seen = fresh(case).eval(), []
    block = network.blocks[0] if case == "anomaly_transformer" else network.encoder
    block.register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    with torch.inference_mode():
        network(torch.ones(1, WINDOW, 2))
    inner = seen[0][0, 1:-1]  # a convolution sees the edges anyway
    assert torch.pdist(inner).min() > 0.05


def test_associations_are_shares_over_the_tokens_of_a_window():
    """Prior and series both sum to 1; the discrepancy is 0 for equal ones and bounded."""
    with torch.no_grad():
        (prior, series), *_ = trained("anomaly_transformer").associate(held_out()[:4])[1]
    for found in (prior, series):
        torch.testing.assert_close(found.exp().sum(dim=3), torch.ones(4, 2, 12))
    assert discrepancy(prior, prior).abs().max() == 0
    assert discrepancy(prior, series).min() > 0
    assert discrepancy(prior, series).max() < 2 * 9.22


def test_the_two_sides_of_the_game_pull_against_each_other():
    """A step down the loss lowers the discrepancy by the prior and raises it by the series."""
    x = held_out()[:16]

    def change(rows):
        network = fresh("anomaly_transformer", discrepancy=1.0)
        project = network.blocks[0].project

        def found():
            prior, series = network.associate(x)[1][0]
            return discrepancy(prior, series).mean()

        before = found().item()
        plain = ((network(x) - x) ** 2).mean()
        loss = network.loss(x, 1.0)
        assert loss.item() == pytest.approx(plain.item(), rel=1e-5)
        (gradient,) = torch.autograd.grad(loss - plain, project.weight)
        with torch.no_grad():
            project.weight[rows] -= 0.05 * gradient[rows]
        return found().item() - before

    assert change(slice(24, 26)) < 0 < change(slice(0, 16))


def test_association_weights_compare_across_windows():
    """A weight lies in 1/2 .. 2 and is not made to average the same in every window."""
    network, x = trained("anomaly_transformer"), held_out()
    with torch.inference_mode():
        reconstruction, scored = network.residual(x)
    weight = (scored / (reconstruction - x)).mean(dim=2)  # (B, L)
    assert weight.min() >= 0.499
    assert weight.max() <= 2.001
    assert weight.mean(dim=1).std() > 0.01


def test_the_second_phase_looks_where_the_first_was_wrong():
    """With equal decoders only the focus makes the phases differ."""
    network, x = fresh("tranad").eval(), held_out()[:4]
    network.decoders[1].load_state_dict(network.decoders[0].state_dict())
    network.outputs[1].load_state_dict(network.outputs[0].state_dict())
    with torch.inference_mode():
        first, second = network.phases(x)
    assert (first - second).abs().max() > 1e-3


def test_training_goes_from_the_first_phase_to_the_second():
    """At the start only the first phase counts, later mostly the second."""
    network, x = fresh("tranad"), held_out()[:4]
    first, second = (((phase - x) ** 2).mean().item() for phase in network.phases(x))
    assert network.loss(x, 0.0).item() == pytest.approx(first)
    assert network.loss(x, 1.0).item() == pytest.approx(0.3 * first + 0.7 * second)


def test_both_phases_make_one_signed_residual_without_jumps():
    """Its square is the mean of the squares where signs agree; near a change it stays small."""
    first, second = torch.tensor([3.0, -3.0, 0.0, 1.0]), torch.tensor([4.0, -4.0, 0.0, -1.0])
    root = (25 / 2) ** 0.5
    torch.testing.assert_close(combine(first, second), torch.tensor([root, -root, 0.0, 0.0]))
    near = combine(torch.tensor([1.0]), torch.tensor([-1.0 + 1e-5]))
    assert near.abs().item() < 1e-4


def test_timesnet_finds_the_period_of_its_training():
    """Sines of 12 samples are laid out by 12, whatever is scored later."""
    network = trained("timesnet")
    assert network.frequencies()[0] == WINDOW // PERIOD
    assert fresh("timesnet").frequencies() == [1, 2]


def test_timesnet_stops_learning_periods_early_in_training():
    """The convolutions see the same layout for most of the training."""
    network, x = fresh("timesnet"), held_out()[:8]
    network.loss(x, 0.5)
    untouched = network.spectrum.clone()
    network.loss(x, 0.05)
    assert torch.equal(untouched, fresh("timesnet").spectrum)
    assert not torch.equal(network.spectrum, untouched)


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
