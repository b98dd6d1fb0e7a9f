"""Variational autoencoder over sequences.

Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014 (arXiv 1312.6114), with
LSTMs as in Park et al., RA-L 2018 (arXiv 1711.00614), the weight of the divergence warmed up as in
Bowman et al., CoNLL 2016 (arXiv 1511.06349), and a learnt sigma as in Rybkin et al., ICML 2021
(arXiv 2006.13202): it balances the two terms where a fixed one has to be tuned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import torch
from torch import Tensor, nn

from detector.networks.contract import Network, Share, Size, Weight
from detector.networks.layers import fold, folded_steps, latent_width, open_forget_gates, unfold

LOWEST_LOG_SIGMA = -5.0  # a constant feature must not pull sigma to zero


@dataclass(frozen=True)
class VaeConfig:
    """Sizes and the balance of the two terms.

    Attributes:
        hidden: Width of both LSTMs.
        latent: Values per window, at most half of L · F.
        samples_per_step: Samples folded into one LSTM step.
        beta: Weight of the divergence once warmed up; 1 is the evidence bound.
        warm_up: Share of the training over which beta rises from 0.
        sigma: Standard deviation of the output in scaled units; None learns one per feature.
    """

    hidden: Size = 64
    latent: Size = 16
    samples_per_step: Size = 5
    beta: Weight = 1.0
    warm_up: Share = 0.3
    sigma: Annotated[float, msgspec.Meta(gt=0)] | None = None


class Vae(Network):
    """LSTM to a Gaussian latent, LSTM back; only ``loss`` ever draws from the latent."""

    def __init__(self, config: VaeConfig, *, features: int, window: int) -> None:
        super().__init__()
        self.config = config
        self.latent = latent_width(config.latent, features=features, window=window)
        self.sizes = {"features": features, "window": window}
        self.steps = folded_steps(window, config.samples_per_step)
        step = config.samples_per_step * features
        self.encoder = nn.LSTM(step, config.hidden, batch_first=True)
        self.posterior = nn.Linear(config.hidden, 2 * self.latent)
        self.state = nn.Linear(self.latent, 2 * config.hidden)
        self.decoder = nn.LSTM(self.latent, config.hidden, batch_first=True)
        self.output = nn.Linear(config.hidden, step)
        fixed = torch.full((features,), config.sigma or 1.0).log()
        self.log_sigma = nn.Parameter(fixed, requires_grad=config.sigma is None)
        for lstm in (self.encoder, self.decoder):
            open_forget_gates(lstm)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latent, (B, L, F) -> (B, Z) each."""
        _, (last, _) = self.encoder(fold(x, self.config.samples_per_step))  # (1, B, H)
        mean, log_variance = self.posterior(last[0]).chunk(2, dim=1)  # (B, Z) each
        return mean, log_variance.clamp(-10, 10)

    def decode(self, z: Tensor) -> Tensor:
        """(B, Z) -> (B, L, F)."""
        hidden, cell = self.state(z).unsqueeze(0).chunk(2, dim=2)  # (1, B, H) each
        repeated = z.unsqueeze(1).expand(-1, self.steps, -1)  # (B, T, Z)
        start = (torch.tanh(hidden).contiguous(), cell.contiguous())
        decoded, _ = self.decoder(repeated, start)  # (B, T, H), newest step first
        return unfold(self.output(decoded).flip(1), **self.sizes)  # (B, L, F)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F) from the latent's mean."""
        return self.decode(self.encode(x)[0])

    def loss(self, x: Tensor, progress: float) -> Tensor:
        """Negative evidence bound per value, the divergence weighted by the warmed-up beta."""
        mean, log_variance = self.encode(x)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()  # (B, Z): reparameterised
        log_sigma = self.log_sigma.clamp(min=LOWEST_LOG_SIGMA)  # (F,)
        scaled = (self.decode(z) - x) / log_sigma.exp()
        likelihood = (scaled**2 / 2 + log_sigma).mean()
        divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1).mean() / 2
        return likelihood + self.beta(progress) * divergence / x[0].numel()

    def beta(self, progress: float) -> float:
        """Weight of the divergence at a point of the training."""
        warmed = 1.0 if progress >= self.config.warm_up else progress / self.config.warm_up
        return self.config.beta * warmed
