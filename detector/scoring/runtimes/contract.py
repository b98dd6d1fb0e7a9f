"""What runs a network: torch, or ONNX Runtime where torch is too large."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from detector.records import Values

WEIGHTS = "weights.safetensors"
EXPORTED = "weights.onnx"


class Reconstructor(Protocol):
    """A network that is ready to score, see ``Network.residual`` for what it gives back."""

    def examine(self, windows: Values) -> tuple[Values, Values]:
        """Reconstruction and residual, (B, L, F) each, of windows (B, L, F) in scaled units."""


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
