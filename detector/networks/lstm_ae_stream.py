"""LSTM autoencoder whose encoder carries its state: one step a sample instead of one a window.

Source: Malhotra et al., "LSTM-based Encoder-Decoder for Multi-sensor Anomaly Detection",
ICML 2016 workshop (arXiv 1607.00148), for the autoencoder; its encoder begins anew with each
window. Here it goes on over the session, as Hochreiter and Schmidhuber, Neural Computation 9
(1997), have it, and learns over sequences several windows long.

The decoder is dense, not an LSTM: after each sample it gives the newest L at once, newest first,
where steps would cost as much as encoding the window anew. A narrow latent stands before it, or it
would copy: the hidden state alone may hold more values than a window.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from detector.networks.contract import CarryingNetwork, Size
from detector.networks.layers import latent_width, open_forget_gates

LEARNT_FROM = 20  # windows of L samples of a sequence, spread evenly; neighbours say the same


@dataclass(frozen=True)
class LstmAeStreamConfig:
    """Sizes.

    Attributes:
        hidden: Width of the encoder LSTM.
        latent: Values per sample that the decoder sees, at most half of L · F.
        decoder_hidden: Width of the decoder's layer.
        restart_windows: Windows of L samples after which another state starts afresh. A higher
            number costs a longer training and a longer look back after a restart, and saves steps:
            1 + 1 / ``restart_windows`` of them are made for each sample.
    """

    hidden: Size = 64
    latent: Size = 16
    decoder_hidden: Size = 64
    restart_windows: Size = 4


class LstmAeStream(CarryingNetwork):
    """Encoder LSTM over the session, latent, dense layers to the newest L samples."""

    def __init__(self, config: LstmAeStreamConfig, *, features: int, window: int) -> None:
        super().__init__()
        self.window, self.features = window, features
        self.restart = config.restart_windows * window
        self.code_width, self.state_width = config.hidden, 2 * config.hidden
        self.latent = latent_width(config.latent, features=features, window=window)
        self.encoder = nn.LSTM(features, config.hidden, batch_first=True)
        self.decoder = nn.Sequential(
            nn.Linear(config.hidden, self.latent),
            nn.Linear(self.latent, config.decoder_hidden),
            nn.GELU(),
            nn.Linear(config.decoder_hidden, window * features),
        )
        open_forget_gates(self.encoder)

    def encoding(self) -> LstmEncoding:
        """See ``CarryingNetwork``; a code is the hidden state, the cell is carried beside it."""
        return LstmEncoding(self.encoder)

    def decode(self, codes: Tensor) -> Tensor:
        """(B, H) -> (B, L, F)."""
        newest_first = self.decoder(codes).unflatten(1, (self.window, self.features))
        flipped: Tensor = newest_first.flip(1)
        return flipped

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct windows of shape (B, L, F), each from a fresh state."""
        _, (last, _) = self.encoder(x)  # (1, B, H)
        return self.decode(last[0])

    def loss(self, x: Tensor, progress: float) -> Tensor:
        """Mean squared residual of windows along sequences of shape (B, T, F), T >= L.

        What lies behind the end of a session is NaN.
        """
        del progress
        codes, _ = self.encoder(x.nan_to_num())  # (B, T, H)
        apart = max((x.shape[1] - self.window) // LEARNT_FROM, 1)
        targets = x.unfold(1, self.window, apart).transpose(2, 3)  # (B, P, L, F)
        known = ~targets.isnan().flatten(2).any(dim=2)  # (B, P)
        targets = targets[known]  # (N, L, F)
        reconstruction = self.decode(codes[:, self.window - 1 :: apart][known])
        return ((reconstruction - targets) ** 2).mean()


class LstmEncoding:
    """The steps of an LSTM written out: those of ``nn.LSTM`` cost twice as much in float64.

    The weights of the fresh cell input are doubled: tanh(x) is 2 sigmoid(2 x) - 1, so that one
    pass over the gates will do.
    """

    def __init__(self, lstm: nn.LSTM) -> None:
        of_input, of_hidden, *biases = (p.detach().double() for p in lstm.parameters())
        doubled = torch.ones_like(biases[0])
        doubled[2 * lstm.hidden_size : 3 * lstm.hidden_size] = 2.0
        self.weights = (torch.cat([of_input, of_hidden], dim=1) * doubled[:, None]).T.contiguous()
        self.bias = (biases[0] + biases[1]) * doubled

    def __call__(self, samples: PackedSequence, state: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Encoding``."""
        hidden, cell = (part.contiguous() for part in state.chunk(2, dim=1))  # (B, H) each
        codes = []
        for x in torch.split(samples.data, samples.batch_sizes.tolist()):  # (B', F), of one step
            rows = slice(len(x))  # of those that have not ended
            both = torch.cat([x, hidden[rows]], dim=1)  # (B', F + H)
            gates = torch.addmm(self.bias, both, self.weights).sigmoid_()  # (B', 4 H)
            gate_in, forget, fresh, out = gates.chunk(4, dim=1)  # (B', H) each
            fresh.mul_(2.0).sub_(1.0)
            cell[rows].mul_(forget).addcmul_(gate_in, fresh)
            codes.append(out * torch.tanh(cell[rows]))
            hidden = torch.cat([codes[-1], hidden[len(x) :]]) if len(x) < len(cell) else codes[-1]
        return torch.cat(codes), torch.cat([hidden, cell], dim=1)
