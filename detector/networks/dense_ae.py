"""Deep autoencoder of dense layers over the flattened window.

Source: Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks",
Science 313 (2006). Their layer-wise pre-training is not needed at this depth; the code layer is
linear as theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from detector.networks.contract import Network, Size
from detector.networks.layers import latent_width


@dataclass(frozen=True)
class DenseAeConfig:
    """Sizes.

    Attributes:
        hidden: Width of the layers next to input and output; half of it beside the latent.
        latent: Values per window, at most half of L · F.
    """

    hidden: Size = 128
    latent: Size = 16


class DenseAe(Network):
    """L · F -> hidden -> hidden / 2 -> latent, and back."""

    def __init__(self, config: DenseAeConfig, *, features: int, window: int) -> None:
        super().__init__()
        self.latent = latent_width(config.latent, features=features, window=window)
        self.shape = (window, features)
        values, wide, narrow = window * features, config.hidden, max(config.hidden // 2, 1)
        self.encoder = nn.Sequential(
            nn.Linear(values, wide),
            nn.GELU(),
            nn.Linear(wide, narrow),
            nn.GELU(),
            nn.Linear(narrow, self.latent),
        )
        self.decoder = nn.Sequential(
            nn.Linear(self.latent, narrow),
            nn.GELU(),
            nn.Linear(narrow, wide),
            nn.GELU(),
            nn.Linear(wide, values),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F)."""
        latent = self.encoder(x.flatten(1))  # (B, L · F) -> (B, Z)
        decoded: Tensor = self.decoder(latent)  # (B, L · F)
        return decoded.reshape(-1, *self.shape)
