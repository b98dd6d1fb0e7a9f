"""|z|: every sample against the feature's mean, in its standard deviations.

What any network has to beat. Blind to shape and phase: a feature that keeps its mean and its
level may do what it likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from msgspec import Meta

from detector.records import Values
from detector.references.contract import Array, Reconstructed, Reconstructing, training_windows
from detector.references.storage import read_tensors, write_tensors

FLAT = 1e-9  # a feature with a smaller deviation is constant and stays in scaled units


@dataclass(frozen=True, slots=True, kw_only=True)
class ZScoreConfig:
    """``windows``: most training windows, spread evenly."""

    windows: Annotated[int, Meta(ge=2)] = 8000


class ZScore(Reconstructing):
    """The mean as reconstruction; the residual is in standard deviations.

    Args:
        config: See ``ZScoreConfig``.
        shape: (L, F).
        mean: Shape (F,), scaled units.
        deviation: Shape (F,), > 0.
    """

    name: ClassVar[str] = "zscore"

    def __init__(
        self, config: ZScoreConfig, shape: tuple[int, int], mean: Array, deviation: Array
    ) -> None:
        super().__init__(config, shape)
        self._mean, self._deviation = mean, deviation

    @classmethod
    def fit(cls, config: ZScoreConfig, windows: Values, seed: int) -> Self:
        """Learn mean and deviation of each feature in float64; nothing is random."""
        seen = training_windows(cls.name, windows, config.windows).astype(np.float64)
        deviation = seen.std(axis=(0, 1))
        deviation = np.where(deviation > FLAT, deviation, 1.0)
        return cls(config, seen.shape[1:], seen.mean(axis=(0, 1)), deviation)

    def reconstruct(self, windows: Values) -> Reconstructed:
        """The mean for every sample."""
        self.refuse_other_shapes(windows)
        mean = np.broadcast_to(self._mean.astype(np.float32), windows.shape)
        residual = (self._mean - windows) / self._deviation
        return Reconstructed(mean, residual.astype(np.float32))

    def write(self, folder: Path) -> None:
        """Keep mean and deviation."""
        write_tensors(folder, {"mean": self._mean, "deviation": self._deviation})

    @classmethod
    def read(cls, config: ZScoreConfig, shape: tuple[int, int], folder: Path) -> Self:
        """See ``Reference.read``."""
        width = (shape[1],)
        kept = read_tensors(folder, {"mean": width, "deviation": width})
        return cls(config, shape, kept["mean"], kept["deviation"])
