"""LSTM autoencoder, in its repeat-vector form and in a folded one.

Source: Malhotra et al., "LSTM-based Encoder-Decoder for Multi-sensor Anomaly Detection",
ICML 2016 workshop (arXiv 1607.00148). *Repeat* has the decoder of Srivastava et al., ICML 2015
(arXiv 1502.04681): the latent is fed at every step instead of the last output. *Folded* joins a
few samples into one step and decodes in reverse order from a state made of the latent, as
Srivastava et al. do; with fewer steps between a sample and its reconstruction it learns sooner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from detector.networks.contract import Network, Size
from detector.networks.layers import fold, open_forget_gates, unfold


@dataclass(frozen=True)
class LstmAeConfig:
    """Sizes.

    Attributes:
        hidden: Width of the encoder LSTM and so of the latent.
        decoder_hidden: Width of the decoder LSTM.
        variant: ``repeat`` or ``folded``.
        samples_per_step: Samples folded into one LSTM step; ``repeat`` takes one at a time.
    """

    hidden: Size = 32
    decoder_hidden: Size = 64
    variant: Literal["repeat", "folded"] = "repeat"
    samples_per_step: Size = 5


class RepeatLstmAe(Network):
    """Encoder LSTM, its last hidden state repeated L times, decoder LSTM, linear per step."""

    def __init__(self, config: LstmAeConfig, *, features: int, window: int) -> None:
        super().__init__()
        self.latent = config.hidden
        self.window = window
        self.encoder = nn.LSTM(features, config.hidden, batch_first=True)
        self.decoder = nn.LSTM(config.hidden, config.decoder_hidden, batch_first=True)
        self.output = nn.Linear(config.decoder_hidden, features)
        for lstm in (self.encoder, self.decoder):
            open_forget_gates(lstm)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F)."""
        _, (last, _) = self.encoder(x)  # (1, B, H)
        latent = last[0].unsqueeze(1).expand(-1, self.window, -1)  # (B, L, H): repeated
        decoded, _ = self.decoder(latent)  # (B, L, D)
        reconstruction: Tensor = self.output(decoded)  # (B, L, F)
        return reconstruction


class FoldedLstmAe(Network):
    """Encoder LSTM over folded steps; the decoder starts from the latent, newest step first."""

    def __init__(self, config: LstmAeConfig, *, features: int, window: int) -> None:
        super().__init__()
        self.latent = config.hidden
        self.samples = config.samples_per_step
        self.sizes = {"features": features, "window": window}
        step = self.samples * features
        self.encoder = nn.LSTM(step, config.hidden, batch_first=True)
        self.state = nn.Linear(config.hidden, 2 * config.decoder_hidden)
        self.decoder = nn.LSTM(config.hidden, config.decoder_hidden, batch_first=True)
        self.output = nn.Linear(config.decoder_hidden, step)
        for lstm in (self.encoder, self.decoder):
            open_forget_gates(lstm)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F)."""
        steps = fold(x, self.samples)  # (B, T, 5 F)
        _, (last, _) = self.encoder(steps)  # (1, B, H)
        hidden, cell = self.state(last).chunk(2, dim=2)  # (1, B, D) each
        latent = last[0].unsqueeze(1).expand(-1, steps.shape[1], -1)  # (B, T, H)
        start = (torch.tanh(hidden).contiguous(), cell.contiguous())
        decoded, _ = self.decoder(latent, start)  # (B, T, D), newest step first
        return unfold(self.output(decoded).flip(1), **self.sizes)  # (B, T, 5 F) -> (B, L, F)


def build_lstm_ae(config: LstmAeConfig, *, features: int, window: int) -> Network:
    """The form that the config asks for."""
    form = FoldedLstmAe if config.variant == "folded" else RepeatLstmAe
    return form(config, features=features, window=window)
