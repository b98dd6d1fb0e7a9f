"""What every network is: a torch module from windows to their reconstruction.

All take and give ``(B, L, F)`` in scaled units; B windows, L samples, F features. Reconstruction
is deterministic in evaluation mode and no window's result depends on the rest of its batch.
"""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from detector.networks.places import in_words
from detector.networks.stepping import Array, Sizes, Stepping
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
            reconstruction, residual = self.residual(self._here(windows))
        return reconstruction.cpu().numpy(), residual.cpu().numpy()

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    @property
    def place(self) -> str:
        """The same in words."""
        return in_words(self.device)

    def _here(self, values: Values | Array) -> Tensor:
        return torch.from_numpy(values).to(self.device)


class Encoding(Protocol):
    """An encoder that goes on over the next samples of B sequences; nothing is learnt by it."""

    def __call__(self, samples: PackedSequence, state: Tensor) -> tuple[Tensor, Tensor]:
        """Go on, in float64.

        Args:
            samples: N in all, F values each in scaled units; the longest sequence first.
            state: After the samples before, (B, S).

        Returns:
            The code of each sample, (N, C) in the order of ``samples.data``, and the new state of
            each sequence, (B, S).
        """


class CarryingNetwork(Network):
    """A network whose encoder goes on from sample to sample, instead of over each window anew.

    A window is reconstructed from the code of its last sample. A window alone, as ``forward``
    takes it, is encoded from a fresh state. Nothing later than a sample changes its code.

    Attributes:
        window: L, the newest samples that are reconstructed.
        restart: H, samples after which another state starts afresh, see ``scoring/runtimes/``.
        code_width: C, values per sample that the decoder sees.
        state_width: S, values that are carried to the next sample; a fresh state is all zeros.
    """

    window: int
    restart: int
    code_width: int
    state_width: int

    @property
    def sequence(self) -> int:
        """T, samples of a training sequence: a state sees as many before another takes over."""
        return self.window + self.restart

    def encoding(self) -> Encoding:
        """The encoder by the weights of now, in float64."""
        raise NotImplementedError

    def decode(self, codes: Tensor) -> Tensor:
        """Reconstruct the window that ends at each sample: (B, C) -> (B, L, F)."""
        raise NotImplementedError

    def stepping(self) -> Stepping:
        """``encoding`` of arrays, as scoring asks for it."""
        encode = self.encoding()

        def step(samples: Array, sizes: Sizes, state: Array) -> tuple[Array, Array]:
            packed = PackedSequence(self._here(samples), torch.from_numpy(sizes))
            with torch.inference_mode():
                codes, after = encode(packed, self._here(state))
            return codes.cpu().numpy(), after.cpu().numpy()

        return step

    def residual_of(self, codes: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """As ``residual`` of windows (B, L, F) whose codes (B, C) are known."""
        reconstruction = self.decode(codes)
        return reconstruction, reconstruction - x

    def examine_coded(self, codes: Values, windows: Values) -> tuple[Values, Values]:
        """As ``examine`` of windows (B, L, F) whose codes (B, C) are known."""
        if self.training:
            self.eval()
        with torch.inference_mode():
            found = self.residual_of(self._here(codes), self._here(windows))
        return found[0].cpu().numpy(), found[1].cpu().numpy()
