"""What is particular to the LSTM, the VAE and TimesNet."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from detector.networks.base import build_network
from detector.networks.layers import fold, unfold
from tests.support.network_cases import PERIOD, WINDOW, fresh, held_out, trained


def test_a_config_without_a_variant_is_the_repeat_vector_lstm():
    """What was trained before there were two forms stays what it was."""
    network = build_network("lstm_ae", {"hidden": 32, "decoder_hidden": 64}, features=3, window=60)
    assert type(network).__name__ == "RepeatLstmAe"
    assert network.latent == 32


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
