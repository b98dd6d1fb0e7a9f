"""TimesNet: a window laid out by its periods, so that a 2-D convolution sees both directions.

Source: Wu et al., "TimesNet: Temporal 2D-Variation Modeling for General Time Series Analysis",
ICLR 2023 (arXiv 2210.02186).

Three things differ from the paper. Its periods come from the mean spectrum of the batch, so that a
window's result hangs on its neighbours; here they are learnt over the first part of the training
and fixed. Its instance normalisation, which hides a level shift, is left out. And a narrow
latent stands between its blocks, which could copy otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from detector.networks.contract import Network, Size
from detector.networks.layers import Neck, latent_width, positional_encoding

LEARNING = 0.1  # share of the training in which the periods are learnt
MEMORY = 0.05  # share of the newest batch in the running spectrum


@dataclass(frozen=True)
class TimesNetConfig:
    """Sizes.

    Attributes:
        width: Channels per sample in the blocks.
        hidden: Channels between a block's two convolutions.
        periods: Periods by which a window is laid out, at most L / 2.
        kernels: Convolutions side by side, of 1, 3, 5, ... samples.
        latent: Values per window, at most half of L · F.
    """

    width: Size = 16
    hidden: Size = 16
    periods: Size = 2
    kernels: Size = 2
    latent: Size = 16


class TimesNet(Network):
    """Embedding, a block, neck, a block, linear per sample."""

    spectrum: Tensor

    def __init__(self, config: TimesNetConfig, *, features: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.count = min(config.periods, max(window // 2, 1))
        self.latent = latent_width(config.latent, features=features, window=window)
        self.embedding = nn.Conv1d(features, config.width, 3, padding=1)
        positions = positional_encoding(window, config.width)
        self.register_buffer("positions", positions, persistent=False)
        self.encoder = TimesBlock(config)
        self.neck = Neck(steps=window, width=config.width, latent=self.latent)
        self.decoder = TimesBlock(config)
        self.output = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, features))
        # Mean amplitude per frequency 1, 2, ... per window; before training the slowest lead.
        self.register_buffer("spectrum", 1e-6 / torch.arange(1.0, max(window // 2, 1) + 1))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F)."""
        frequencies = self.frequencies()
        embedded = self.embedding(x.transpose(1, 2)).transpose(1, 2)  # convolve along time
        hidden = self.encoder(embedded + self.positions, frequencies)  # (B, L, D)
        hidden = self.decoder(self.neck(hidden) + self.positions, frequencies)
        reconstruction: Tensor = self.output(hidden)  # (B, L, F)
        return reconstruction

    def loss(self, x: Tensor, progress: float) -> Tensor:
        """MSE; at the beginning the periods are learnt on the way."""
        if progress < LEARNING:
            with torch.no_grad():
                found = torch.fft.rfft(x, dim=1).abs().mean(dim=(0, 2))[1:]  # (L/2,)
                self.spectrum.lerp_(found[: len(self.spectrum)], MEMORY)
        return super().loss(x, progress)

    def frequencies(self) -> list[int]:
        """The strongest ones, in periods per window; the same for every window."""
        return [int(i) + 1 for i in self.spectrum.topk(self.count).indices]


class TimesBlock(nn.Module):
    """Lays a window out by each period, convolves, and sums by the window's own amplitudes."""

    def __init__(self, config: TimesNetConfig) -> None:
        super().__init__()
        self.convolve = nn.Sequential(
            Inception(config.width, config.hidden, config.kernels),
            nn.GELU(),
            Inception(config.hidden, config.width, config.kernels),
        )

    def forward(self, x: Tensor, frequencies: list[int]) -> Tensor:
        """(B, L, D) -> (B, L, D)."""
        weights = amplitudes(x, frequencies).softmax(dim=1)  # (B, K)
        window = int(x.shape[1])  # a number in a trace too: ONNX divides towards zero
        seen = torch.stack([self._by_period(x, -(-window // f)) for f in frequencies], dim=3)
        mixed: Tensor = (seen * weights[:, None, None, :]).sum(dim=3)  # (B, L, D, K) -> (B, L, D)
        return x + mixed

    def _by_period(self, x: Tensor, period: int) -> Tensor:
        window = x.shape[1]
        channels = functional.pad(x.transpose(1, 2), (0, -window % period))  # (B, D, R · P)
        laid_out = channels.reshape(*channels.shape[:2], -1, period)  # (B, D, R, P)
        convolved: Tensor = self.convolve(laid_out)
        return convolved.flatten(2)[..., :window].transpose(1, 2)  # (B, L, D)


class Inception(nn.Module):
    """Convolutions of several sizes side by side, averaged."""

    def __init__(self, channels: int, out: int, kernels: int) -> None:
        super().__init__()
        self.sizes = nn.ModuleList(
            nn.Conv2d(channels, out, 2 * k + 1, padding=k) for k in range(kernels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, R, P) -> (B, C', R, P)."""
        return torch.stack([convolve(x) for convolve in self.sizes]).mean(dim=0)


def amplitudes(x: Tensor, frequencies: list[int]) -> Tensor:
    """Mean amplitude of a window's channels at K frequencies: (B, L, D) -> (B, K)."""
    window = x.shape[1]
    time = torch.arange(window, device=x.device) * (2 * math.pi / window)
    angle = time * torch.tensor(frequencies, device=x.device)[:, None]  # (K, L)
    real, imaginary = angle.cos() @ x, angle.sin() @ x  # (B, K, D) each
    return (real**2 + imaginary**2 + 1e-12).sqrt().mean(dim=2) / window
