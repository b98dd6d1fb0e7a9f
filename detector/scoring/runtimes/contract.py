"""What runs a network: torch, or ONNX Runtime where torch is too large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from detector.records import Values

WEIGHTS = "weights.safetensors"
EXPORTED = "weights.onnx"

Array: TypeAlias = npt.NDArray[np.float64]
Encode: TypeAlias = Callable[[Array, npt.NDArray[np.intp], Array], tuple[Array, Array]]


class Reconstructor(Protocol):
    """A network that is ready to score, see ``Network.residual`` for what it gives back."""

    def examine(self, windows: Values) -> tuple[Values, Values]:
        """Reconstruction and residual, (B, L, F) each, of windows (B, L, F) in scaled units."""


@runtime_checkable
class Carrying(Reconstructor, Protocol):
    """One whose encoder goes on from sample to sample, see ``CarryingNetwork``."""

    window: int
    restart: int
    code_width: int
    state_width: int

    def encoding(self) -> Encode:
        """Goes on over the next samples of some sequences, see ``networks/contract.py``."""

    def examine_codes(self, codes: Values, windows: Values) -> tuple[Values, Values]:
        """As ``examine``, of windows whose codes (B, C) are known."""


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
