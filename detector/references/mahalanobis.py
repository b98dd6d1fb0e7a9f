"""Mahalanobis distance of each sample over the features, averaged over the window.

Sees a change in how features move together. Blind to the order of samples: a window shuffled in
time has the same distance.

Source: P. C. Mahalanobis, On the generalised distance in statistics, 1936.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from msgspec import Meta

from detector.records import Values
from detector.references.contract import SMALLEST, Array, Measuring, training_windows
from detector.references.storage import read_tensors, write_tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class MahalanobisConfig:
    """What may be chosen.

    Attributes:
        shrinkage: Share of the mean variance put onto the diagonal, so that features that always
            move together do not divide by zero.
        windows: Most training windows, spread evenly.
    """

    shrinkage: Annotated[float, Meta(gt=0, le=1)] = 1e-3
    windows: Annotated[int, Meta(ge=2)] = 8000


class Mahalanobis(Measuring):
    """Mean squared distance over a window.

    Args:
        config: See ``MahalanobisConfig``.
        shape: (L, F).
        mean: Shape (F,), scaled units.
        whitening: Shape (F, F); residuals times it are uncorrelated with variance 1.
    """

    name: ClassVar[str] = "mahalanobis"

    def __init__(
        self, config: MahalanobisConfig, shape: tuple[int, int], mean: Array, whitening: Array
    ) -> None:
        super().__init__(config, shape)
        self._mean, self._whitening = mean, whitening

    @classmethod
    def fit(cls, config: MahalanobisConfig, windows: Values, seed: int) -> Self:
        """Learn mean and covariance of the samples in float64; nothing is random."""
        seen = training_windows(cls.name, windows, config.windows).astype(np.float64)
        samples = seen.reshape(-1, seen.shape[2])
        mean = samples.mean(axis=0)
        covariance = (samples - mean).T @ (samples - mean) / len(samples)
        ridge = config.shrinkage * max(float(np.trace(covariance)) / len(mean), SMALLEST)
        variance, axes = np.linalg.eigh(covariance + ridge * np.eye(len(mean)))
        return cls(config, seen.shape[1:], mean, axes / np.sqrt(variance))

    def distance(self, windows: Values) -> Array:
        """Shape (B,), squared deviations per feature: about 1 for normal windows."""
        self.refuse_other_shapes(windows)
        white = (windows - self._mean) @ self._whitening  # (B, L, F)
        return np.asarray(np.maximum((white**2).mean(axis=(1, 2)), SMALLEST))

    def write(self, folder: Path) -> None:
        """Keep mean and whitening."""
        write_tensors(folder, {"mean": self._mean, "whitening": self._whitening})

    @classmethod
    def read(cls, config: MahalanobisConfig, shape: tuple[int, int], folder: Path) -> Self:
        """See ``Reference.read``."""
        width = shape[1]
        kept = read_tensors(folder, {"mean": (width,), "whitening": (width, width)})
        return cls(config, shape, kept["mean"], kept["whitening"])
