"""Anomaly Transformer: how a sample attends to others tells as much as its residual.

Source: Xu et al., "Anomaly Transformer: Time Series Anomaly Detection with Association
Discrepancy", ICLR 2022 (arXiv 2110.02642).

Two things differ from the paper. Its score multiplies by a softmax of the discrepancy over the
window, which cannot be compared from window to window (each sums to 1); here a token is weighted
by its discrepancy against what is usual in training. And its blocks can copy their input, so a
narrow latent stands between them and the output.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from detector.networks.contract import Network, Size, Weight
from detector.networks.layers import (
    Neck,
    fold,
    folded_steps,
    latent_width,
    positional_encoding,
    unfold,
)

FLOOR = math.log(1e-4)  # of both log associations: keeps the discrepancy bounded
MEMORY = 0.02  # share of the newest batch in the running moments
LARGEST_LOG_WEIGHT = math.log(4.0)


@dataclass(frozen=True)
class AnomalyTransformerConfig:
    """Sizes and the weight of the minimax game.

    Attributes:
        heads: Attention heads.
        head_width: Width of each.
        samples_per_token: Consecutive samples embedded together; association costs the square
            of the tokens.
        layers: Blocks with anomaly attention.
        latent: Values per window, at most half of L · F.
        discrepancy: Weight of the discrepancy in the loss (lambda of the paper, 3 there).
    """

    heads: Size = 2
    head_width: Size = 16
    samples_per_token: Size = 2
    layers: Size = 1
    latent: Size = 16
    discrepancy: Weight = 0.1


class AnomalyTransformer(Network):
    """Embedding, blocks that give their associations, neck, linear per sample."""

    usual: Tensor
    spread: Tensor
    batches: Tensor

    def __init__(self, config: AnomalyTransformerConfig, *, features: int, window: int) -> None:
        super().__init__()
        width = config.heads * config.head_width
        self.weight = config.discrepancy
        self.latent = latent_width(config.latent, features=features, window=window)
        self.sizes = {"features": features, "window": window}
        self.samples = config.samples_per_token
        tokens = folded_steps(window, self.samples)
        self.embedding = nn.Linear(self.samples * features, width)
        self.register_buffer("positions", positional_encoding(tokens, width), persistent=False)
        self.blocks = nn.ModuleList(
            Block(heads=config.heads, width=width, tokens=tokens) for _ in range(config.layers)
        )
        self.neck = Neck(steps=tokens, width=width, latent=self.latent)
        self.output = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, self.samples * features),
        )
        # Moments of the discrepancy over normal windows, learnt in training, fixed afterwards.
        self.register_buffer("usual", torch.zeros(()))
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("batches", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F)."""
        return self.associate(x)[0]

    def associate(self, x: Tensor) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Reconstruction (B, L, F) and per block the log prior and series associations."""
        hidden = self.embedding(fold(x, self.samples)) + self.positions  # (B, T, D)
        associations = []
        for block in self.blocks:
            hidden, prior, series = block(hidden)
            associations.append((prior, series))  # (B, H, T, T) each
        decoded = self.output(self.neck(hidden) + self.positions)  # (B, T, 2 F)
        return unfold(decoded, **self.sizes), associations

    def loss(self, x: Tensor, progress: float) -> Tensor:
        """Residual, and a game: the prior follows the series, the series flees the prior.

        Both moves of the paper in one scalar: the gradient of the discrepancy lowers it through
        the prior and, turned round, raises it through the series. In value the moves cancel, so
        the number is the MSE.
        """
        reconstruction, associations = self.associate(x)
        found = _mean_discrepancy([(prior, turn_round(series)) for prior, series in associations])
        self._remember(found.detach())
        game = self.weight * min(2 * progress, 1.0) * found.mean()
        return ((reconstruction - x) ** 2).mean() + game - game.detach()

    def residual(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Residuals weigh more where a token attends only to its neighbours, 1/2 to 2."""
        reconstruction, associations = self.associate(x)
        away = (_mean_discrepancy(associations) - self.usual) / self.spread  # (B, T)
        log_weight = (-away).clamp(-LARGEST_LOG_WEIGHT, LARGEST_LOG_WEIGHT)
        weight = (log_weight / 2).exp().repeat_interleave(self.samples, dim=1)  # (B, T · 2)
        return reconstruction, (reconstruction - x) * weight[:, -x.shape[1] :, None]

    @torch.no_grad()
    def _remember(self, found: Tensor) -> None:
        share = torch.clamp(1 / (self.batches + 1), min=MEMORY)
        self.usual.lerp_(found.mean(), share)
        self.spread.lerp_(found.std().clamp(min=1e-3), share)
        self.batches += 1


class Block(nn.Module):
    """Anomaly attention and a feed-forward layer, each added to what came in."""

    distances: Tensor

    def __init__(self, *, heads: int, width: int, tokens: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width + heads)
        self.mix = nn.Linear(width, width)
        self.forward_layer = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        position = torch.arange(tokens, dtype=torch.float32)
        squared = (position[:, None] - position) ** 2  # (T, T)
        self.register_buffer("distances", squared, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, D) -> the same, and the log prior and series associations, (B, H, T, T)."""
        width, tokens = x.shape[2], x.shape[1]
        projected = self.project(self.before_attention(x))  # (B, T, 3 D + H)
        query, key, value = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)  # (B, H, T, D/H)
            for part in projected[..., : 3 * width].chunk(3, dim=2)
        )
        scale = 1 + tokens / 4 * torch.sigmoid(projected[..., 3 * width :])  # (B, T, H), tokens
        scale = scale.transpose(1, 2).unsqueeze(3)  # (B, H, T, 1)
        prior = (-self.distances / (2 * scale**2)).log_softmax(dim=3)  # (B, H, T, T)
        # Over time: T queries by T keys within a window.
        series = (query @ key.transpose(2, 3) / math.sqrt(query.shape[3])).log_softmax(dim=3)
        attended = (series.exp() @ value).transpose(1, 2).flatten(2)  # (B, T, D)
        hidden = x + self.mix(attended)
        return hidden + self.forward_layer(hidden), prior, series


def discrepancy(prior: Tensor, series: Tensor) -> Tensor:
    """Symmetrised divergence of two log associations per token: (B, H, T, T) -> (B, T)."""
    apart = prior.clamp(min=FLOOR) - series.clamp(min=FLOOR)
    return ((prior.exp() - series.exp()) * apart).sum(dim=3).mean(dim=1)


def turn_round(x: Tensor) -> Tensor:
    """The same values with the opposite gradient."""
    return 2 * x.detach() - x


def _mean_discrepancy(associations: list[tuple[Tensor, Tensor]]) -> Tensor:
    return torch.stack([discrepancy(p, s) for p, s in associations]).mean(dim=0)  # (B, T)
