"""Parts that several networks share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def latent_width(asked: int, *, features: int, window: int) -> int:
    """At most half of what a window holds: a wider latent learns to copy."""
    return max(min(asked, features * window // 2), 1)


def positional_encoding(window: int, width: int) -> Tensor:
    """Sines and cosines that tell positions apart, shape (L, D).

    Source: Vaswani et al., NeurIPS 2017 (arXiv 1706.03762), section 3.5.
    """
    position = torch.arange(window).unsqueeze(1)  # (L, 1)
    pairs = torch.arange(0, width, 2)
    angle = position * torch.exp(pairs * (-math.log(10_000.0) / width))  # (L, D/2)
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)[:, :width]


def fold(x: Tensor, samples: int) -> Tensor:
    """Join every ``samples`` samples into one step: (B, L, F) -> (B, T, samples · F).

    A window that does not divide is filled up at its old end with its oldest sample, so that the
    newest samples always share a step in the same way.
    """
    missing = -x.shape[1] % samples
    filled = torch.cat([x[:, :1].expand(-1, missing, -1), x], dim=1)  # (B, T · samples, F)
    return filled.reshape(x.shape[0], -1, samples * x.shape[2])


def unfold(steps: Tensor, *, features: int, window: int) -> Tensor:
    """Undo ``fold``: (B, T, samples · F) -> (B, L, F)."""
    return steps.reshape(steps.shape[0], -1, features)[:, -window:]


def folded_steps(window: int, samples: int) -> int:
    """Steps T of a folded window."""
    return -(-window // samples)


def open_forget_gates(lstm: nn.LSTM) -> None:
    """Let it remember from the start (Jozefowicz et al., ICML 2015)."""
    forget = slice(lstm.hidden_size, 2 * lstm.hidden_size)
    biases = [tensor for name, tensor in lstm.named_parameters() if name.startswith("bias")]
    with torch.no_grad():
        for bias in biases:
            bias[forget] = 0.5


class Neck(nn.Module):
    """The only way from encoder to decoder: a few values per window.

    Without it a network whose embedding is wider than F and that skips its blocks copies a
    faulty window as well as a normal one.
    """

    def __init__(self, *, steps: int, width: int, latent: int) -> None:
        super().__init__()
        self.shape = (steps, width)
        self.squeeze = nn.Linear(steps * width, latent)
        self.stretch = nn.Linear(latent, steps * width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        latent = self.squeeze(x.flatten(1))  # (B, T · D) -> (B, Z)
        stretched: Tensor = self.stretch(latent)  # (B, T · D)
        return stretched.reshape(-1, *self.shape)
