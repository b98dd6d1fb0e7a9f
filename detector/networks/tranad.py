"""TranAD: a second look at the window, told where the first one was wrong.

Source: Tuli et al., "TranAD: Deep Transformer Networks for Anomaly Detection in Multivariate Time
Series Data", VLDB 2022 (arXiv 2201.07284).

The first phase reconstructs with a focus of zeros, the second with the first one's squared
residual as focus. The paper lets the second decoder also *raise* the second phase's error; that
term has no lower bound, and the authors' own program leaves it out, as is done here. A narrow
latent keeps the decoders from copying, and the whole window is reconstructed, its last sample
included.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from detector.networks.contract import Network, Share, Size
from detector.networks.layers import (
    Neck,
    fold,
    folded_steps,
    latent_width,
    positional_encoding,
    unfold,
)

LARGEST_FOCUS = 10.0  # scaled units squared; a wild sample must not blind the second look


@dataclass(frozen=True)
class TranAdConfig:
    """Sizes and the balance of the phases.

    Attributes:
        heads: Attention heads.
        head_width: Width of each.
        samples_per_token: Consecutive samples embedded together.
        latent: Values per window, at most half of L · F.
        first_at_end: Weight of the first phase in the loss when training ends; it begins at 1.
    """

    heads: Size = 2
    head_width: Size = 16
    samples_per_token: Size = 3
    latent: Size = 16
    first_at_end: Share = 0.3


class TranAd(Network):
    """One encoder over window and focus, one decoder per phase."""

    def __init__(self, config: TranAdConfig, *, features: int, window: int) -> None:
        super().__init__()
        width = config.heads * config.head_width
        self.first_at_end = config.first_at_end
        self.latent = latent_width(config.latent, features=features, window=window)
        self.sizes = {"features": features, "window": window}
        self.samples = config.samples_per_token
        tokens = folded_steps(window, self.samples)
        self.embedding = nn.Linear(2 * self.samples * features, width)
        self.register_buffer("positions", positional_encoding(tokens, width), persistent=False)
        self.encoder = _block(config.heads, width)
        self.neck = Neck(steps=tokens, width=width, latent=self.latent)
        self.decoders = nn.ModuleList(_block(config.heads, width) for _ in range(2))
        self.outputs = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, self.samples * features))
            for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F): the second phase."""
        return self.phases(x)[1]

    def phases(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstructions of both phases, (B, L, F) each."""
        first = self._phase(x, torch.zeros_like(x), 0)
        focus = ((first - x) ** 2).clamp(max=LARGEST_FOCUS)
        return first, self._phase(x, focus, 1)

    def _phase(self, x: Tensor, focus: Tensor, phase: int) -> Tensor:
        both = fold(torch.cat([x, focus], dim=2), self.samples)  # (B, T, 2 · 3 F)
        hidden = self.neck(self.encoder(self.embedding(both) + self.positions))  # (B, T, D)
        decoded = self.decoders[phase](hidden + self.positions)  # (B, T, D)
        return unfold(self.outputs[phase](decoded), **self.sizes)  # (B, T, 3 F) -> (B, L, F)

    def loss(self, x: Tensor, progress: float) -> Tensor:
        """The first phase's error fades into the second's (epsilon to the -n of the paper)."""
        first, second = self.phases(x)
        share = self.first_at_end**progress if self.first_at_end else 1 - progress
        return share * ((first - x) ** 2).mean() + (1 - share) * ((second - x) ** 2).mean()

    def residual(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Both phases in one residual whose square is the paper's score where they agree."""
        first, second = self.phases(x)
        return second, combine(first - x, second - x)


def combine(first: Tensor, second: Tensor) -> Tensor:
    """Root mean square of two residuals with the sign they share.

    Where the signs differ it shrinks towards zero instead of jumping: a jump would make a score
    hang on the last bit of a sum.
    """
    size = ((first**2 + second**2) / 2).sqrt()
    return size * (first + second) / (first.abs() + second.abs()).clamp(min=1e-12)


def _block(heads: int, width: int) -> nn.Module:
    return nn.TransformerEncoderLayer(
        width,
        heads,
        dim_feedforward=2 * width,
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
