"""Transformer autoencoder: attention over time, a narrow latent, attention back.

Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017 (arXiv 1706.03762), encoder
blocks in their pre-norm form (Xiong et al., ICML 2020, arXiv 2002.04745), a few samples to a token
as in Nie et al., ICLR 2023 (arXiv 2211.14730): attention costs the square of the tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from detector.networks.contract import Network, Size
from detector.networks.layers import (
    Neck,
    fold,
    folded_steps,
    latent_width,
    positional_encoding,
    unfold,
)


@dataclass(frozen=True)
class TransformerAeConfig:
    """Sizes.

    Attributes:
        heads: Attention heads.
        head_width: Width of each; the embedding has ``heads`` times as many values per token.
        samples_per_token: Consecutive samples embedded together.
        layers: Blocks before the latent, and as many after it.
        latent: Values per window, at most half of L · F.
    """

    heads: Size = 2
    head_width: Size = 16
    samples_per_token: Size = 3
    layers: Size = 1
    latent: Size = 16


class TransformerAe(Network):
    """Embedding, blocks, neck, blocks, linear per token."""

    def __init__(self, config: TransformerAeConfig, *, features: int, window: int) -> None:
        super().__init__()
        width = config.heads * config.head_width
        self.latent = latent_width(config.latent, features=features, window=window)
        self.sizes = {"features": features, "window": window}
        self.samples = config.samples_per_token
        tokens = folded_steps(window, self.samples)
        self.embedding = nn.Linear(self.samples * features, width)
        self.register_buffer("positions", positional_encoding(tokens, width), persistent=False)
        self.encoder = _blocks(config)
        self.neck = Neck(steps=tokens, width=width, latent=self.latent)
        self.decoder = _blocks(config)
        self.output = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, self.samples * features))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F)."""
        embedded = self.embedding(fold(x, self.samples)) + self.positions  # (B, T, D)
        narrowed = self.neck(self.encoder(embedded))  # (B, T, D)
        decoded = self.decoder(narrowed + self.positions)  # (B, T, D)
        return unfold(self.output(decoded), **self.sizes)  # (B, T, 3 F) -> (B, L, F)


def _blocks(config: TransformerAeConfig) -> nn.Sequential:
    width = config.heads * config.head_width
    return nn.Sequential(
        *(
            nn.TransformerEncoderLayer(
                width,
                config.heads,
                dim_feedforward=2 * width,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(config.layers)
        )
    )
