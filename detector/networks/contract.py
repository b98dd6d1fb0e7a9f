"""What every network is: a torch module from windows to their reconstruction.

All take and give ``(B, L, F)`` in scaled units; B windows, L samples, F features. Reconstruction
is deterministic in evaluation mode and no window's result depends on the rest of its batch.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import torch
from torch import Tensor, nn

from detector.records import Values

Size = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Weight = Annotated[float, msgspec.Meta(ge=0)]


class Network(nn.Module):
    """Base of all networks; a subclass is built from ``(config, *, features, window)``.

    Attributes:
        latent: Values per window in the narrowest place, to compare with as many principal
            components.
    """

    latent: int

    def loss(self, x: Tensor, progress: float) -> Tensor:
        """What training lowers; the mean squared residual unless a network says otherwise.

        Args:
            x: Normal windows, (B, L, F).
            progress: Share of the planned steps that is done, 0..1.

        Returns:
            A scalar.
        """
        del progress
        reconstruction: Tensor = self(x)
        return ((reconstruction - x) ** 2).mean()

    def residual(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruct windows and say how far off they are.

        Args:
            x: Windows, (B, L, F).

        Returns:
            Reconstruction and what is scored of it: the signed residual in scaled units, where a
            network has reason to weight or combine residuals, weighted. Both (B, L, F).
        """
        reconstruction: Tensor = self(x)
        return reconstruction, reconstruction - x

    def examine(self, windows: Values) -> tuple[Values, Values]:
        """``residual`` of arrays in evaluation mode, as scoring asks for it."""
        if self.training:
            self.eval()
        with torch.inference_mode():
            reconstruction, residual = self.residual(torch.from_numpy(windows))
        return reconstruction.numpy(), residual.numpy()
