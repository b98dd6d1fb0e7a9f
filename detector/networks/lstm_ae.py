"""LSTM autoencoder in its repeat-vector form.

Source: Malhotra et al., "LSTM-based Encoder-Decoder for Multi-sensor Anomaly Detection",
ICML 2016 workshop (arXiv 1607.00148), with the repeat-vector decoder of Srivastava et al.,
ICML 2015 (arXiv 1502.04681): the latent is fed at every step instead of the last output.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LstmAeConfig:
    """Sizes.

    Attributes:
        hidden: Width of the encoder LSTM and so of the latent.
        decoder_hidden: Width of the decoder LSTM.
    """

    hidden: int = 32
    decoder_hidden: int = 64


class LstmAe(nn.Module):
    """Encoder LSTM, its last hidden state repeated L times, decoder LSTM, linear per step."""

    def __init__(self, config: LstmAeConfig, *, features: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.encoder = nn.LSTM(features, config.hidden, batch_first=True)
        self.decoder = nn.LSTM(config.hidden, config.decoder_hidden, batch_first=True)
        self.output = nn.Linear(config.decoder_hidden, features)
        for lstm in (self.encoder, self.decoder):
            _remember(lstm)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F)."""
        _, (last, _) = self.encoder(x)  # (1, B, H)
        latent = last[0].unsqueeze(1).expand(-1, self.window, -1)  # (B, L, H): repeated
        decoded, _ = self.decoder(latent)  # (B, L, D)
        reconstruction: Tensor = self.output(decoded)  # (B, L, F)
        return reconstruction


def _remember(lstm: nn.LSTM) -> None:
    """Open the forget gates at the start (Jozefowicz et al., ICML 2015)."""
    forget = slice(lstm.hidden_size, 2 * lstm.hidden_size)
    biases = [tensor for name, tensor in lstm.named_parameters() if name.startswith("bias")]
    with torch.no_grad():
        for bias in biases:
            bias[forget] = 0.5
