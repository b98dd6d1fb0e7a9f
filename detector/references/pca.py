"""Principal components of whole windows: a linear autoencoder, and the T² + Q statistic.

The residual is blind to growth along a component: an unbalance that only makes the normal shape
larger is passed. T² sees that growth, which is why ``pca_t2q`` adds the two.

Source: Jackson and Mudholkar, Control procedures for residuals associated with principal
component analysis, Technometrics 1979.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from msgspec import Meta

from detector.records import Values
from detector.references.contract import (
    SMALLEST,
    Array,
    Measuring,
    Reconstructed,
    Reconstructing,
    Reference,
    training_windows,
)
from detector.references.storage import read_tensors, write_tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class PcaConfig:
    """What may be chosen.

    Attributes:
        components: As many as a network's latent is wide, for a fair comparison; never more than
            half of L·F, or nothing would be left over.
        windows: Most training windows, spread evenly.
    """

    components: Annotated[int, Meta(ge=1)] = 16
    windows: Annotated[int, Meta(ge=2)] = 8000


class _Components(Reference):
    """What both kinds learn.

    Args:
        config: See ``PcaConfig``.
        shape: (L, F).
        mean: Shape (L·F,), scaled units.
        basis: Shape (K, L·F), orthonormal rows.
        variance: Shape (K,), of normal windows along each row, > 0.
        left_over: Shape (1,), mean square of what the components do not explain, > 0.
    """

    def __init__(
        self,
        config: PcaConfig,
        shape: tuple[int, int],
        mean: Array,
        basis: Array,
        variance: Array,
        left_over: Array,
    ) -> None:
        super().__init__(config, shape)
        self._mean, self._basis = mean, basis
        self._variance, self._left_over = variance, left_over

    @classmethod
    def fit(cls, config: PcaConfig, windows: Values, seed: int) -> Self:
        """Decompose the covariance of the windows in float64; nothing is random."""
        seen = training_windows(cls.name, windows, config.windows)
        flat = seen.reshape(len(seen), -1).astype(np.float64)  # (B, L·F)
        mean = flat.mean(axis=0)
        covariance = (flat - mean).T @ (flat - mean) / len(flat)
        count = _count(config, seen.shape[1:])
        variance, axes = np.linalg.eigh(covariance)  # ascending
        left_over = np.maximum(variance[:-count].sum() / len(mean), SMALLEST)
        kept = np.maximum(variance[: -count - 1 : -1], SMALLEST)
        basis = np.ascontiguousarray(axes[:, : -count - 1 : -1].T)
        return cls(config, seen.shape[1:], mean, basis, kept, left_over.reshape(1))

    def _project(self, windows: Values) -> tuple[Array, Array, Array]:
        """Windows about their mean (B, L·F), their scores (B, K) and what is explained."""
        self.refuse_other_shapes(windows)
        centred = windows.reshape(len(windows), len(self._mean)) - self._mean
        scores = centred @ self._basis.T
        return centred, scores, scores @ self._basis

    def write(self, folder: Path) -> None:
        """Keep mean, basis and variances."""
        kept = {"mean": self._mean, "basis": self._basis, "variance": self._variance}
        write_tensors(folder, {**kept, "left_over": self._left_over})

    @classmethod
    def read(cls, config: PcaConfig, shape: tuple[int, int], folder: Path) -> Self:
        """See ``Reference.read``."""
        count, width = _count(config, shape), shape[0] * shape[1]
        shapes: dict[str, tuple[int, ...]] = {"mean": (width,), "basis": (count, width)}
        kept = read_tensors(folder, {**shapes, "variance": (count,), "left_over": (1,)})
        return cls(config, shape, **kept)


class Pca(_Components, Reconstructing):
    """The projection of a window onto the components, as its reconstruction."""

    name: ClassVar[str] = "pca"

    def reconstruct(self, windows: Values) -> Reconstructed:
        """See ``Reconstructing.reconstruct``."""
        centred, _, explained = self._project(windows)
        return Reconstructed(
            (explained + self._mean).reshape(windows.shape).astype(np.float32),
            (explained - centred).reshape(windows.shape).astype(np.float32),
        )


class PcaT2Q(_Components, Measuring):
    """T² over the components plus Q over the rest, each in units of its normal mean."""

    name: ClassVar[str] = "pca_t2q"

    def distance(self, windows: Values) -> Array:
        """Shape (B,), about 2 for normal windows."""
        centred, scores, explained = self._project(windows)
        t2 = (scores**2 / self._variance).mean(axis=1)
        q = ((centred - explained) ** 2).mean(axis=1) / self._left_over
        return np.asarray(np.maximum(t2 + q, SMALLEST))


def _count(config: PcaConfig, shape: tuple[int, int]) -> int:
    return max(min(config.components, shape[0] * shape[1] // 2), 1)
