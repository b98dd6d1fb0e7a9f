"""What runs a network: torch, or ONNX Runtime where torch is too large."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from detector.networks.stepping import Stepping
from detector.records import Values

WEIGHTS = "weights.safetensors"
EXPORTED = "weights.onnx"


class Reconstructor(Protocol):
    """A network that is ready to score, see ``Network.residual`` for what it gives back."""

    def examine(self, windows: Values) -> tuple[Values, Values]:
        """Reconstruction and residual, (B, L, F) each, of windows (B, L, F) in scaled units."""


@runtime_checkable
class CarryingReconstructor(Reconstructor, Protocol):
    """A network whose state goes on from sample to sample, see ``networks.contract``."""

    window: int
    restart: int
    code_width: int
    state_width: int

    def stepping(self) -> Stepping:
        """The encoder by the weights of now."""

    def examine_coded(self, codes: Values, windows: Values) -> tuple[Values, Values]:
        """As ``examine`` of windows whose codes (B, C) are known."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A network as a bundle describes it.

    Attributes:
        folder: Of the bundle.
        network: Its name.
        config: Its config, in full.
        shape: (L, F) of the windows it takes.
    """

    folder: Path
    network: str
    config: dict[str, Any]
    shape: tuple[int, int]
