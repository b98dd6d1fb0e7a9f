"""Distance to the nearest training windows: kNN, and LOF, which asks how dense they lie there.

kNN: a window is as abnormal as its neighbours are far. With windows of L samples a normal shape
at a phase no training window had is far from all of them. LOF compares the density around a
window with that around its neighbours, so that sparse normal states do not count as abnormal.

Sources: Ramaswamy et al., Efficient algorithms for mining outliers, SIGMOD 2000; Breunig et al.,
LOF: identifying density-based local outliers, SIGMOD 2000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from detector.references.contract import Array
from detector.references.estimators import EstimatorReference, Flat

SEARCH = "brute"  # trees are slower than one matrix product beyond some 20 dimensions


@dataclass(frozen=True, slots=True, kw_only=True)
class KnnConfig:
    """What may be chosen.

    Attributes:
        neighbours: Nearest training windows whose distance is averaged.
        windows: Most training windows, spread evenly; scoring time grows with them.
    """

    neighbours: Annotated[int, Meta(ge=1)] = 5
    windows: Annotated[int, Meta(ge=2)] = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class LofConfig:
    """As ``KnnConfig``; ``neighbours`` is what counts as local."""

    neighbours: Annotated[int, Meta(ge=1)] = 20
    windows: Annotated[int, Meta(ge=2)] = 4000


class Knn(EstimatorReference):
    """Mean Euclidean distance to the nearest training windows, per value of a window."""

    name: ClassVar[str] = "knn"

    @classmethod
    def estimator_type(cls) -> type:
        """scikit-learn's own."""
        from sklearn.neighbors import NearestNeighbors

        return NearestNeighbors  # type: ignore[no-any-return]

    @classmethod
    def make(cls, config: KnnConfig, seed: int) -> Any:  # noqa: ANN401 -- scikit-learn is untyped
        """Nothing is random."""
        return cls.estimator_type()(n_neighbors=config.neighbours, algorithm=SEARCH)

    @classmethod
    def at_least(cls, config: KnnConfig) -> int:
        """As many as there are neighbours to find."""
        return config.neighbours

    def measure(self, flat: Flat) -> Array:
        """Shape (B,), rms scaled units."""
        distances, _ = self._estimator.kneighbors(flat)  # (B, neighbours)
        mean: Array = distances.mean(axis=1) / np.sqrt(flat.shape[1])
        return mean


class Lof(EstimatorReference):
    """The local outlier factor of windows that were not trained on."""

    name: ClassVar[str] = "lof"

    @classmethod
    def estimator_type(cls) -> type:
        """scikit-learn's own."""
        from sklearn.neighbors import LocalOutlierFactor

        return LocalOutlierFactor  # type: ignore[no-any-return]

    @classmethod
    def make(cls, config: LofConfig, seed: int) -> Any:  # noqa: ANN401 -- scikit-learn is untyped
        """Nothing is random."""
        return cls.estimator_type()(n_neighbors=config.neighbours, algorithm=SEARCH, novelty=True)

    @classmethod
    def at_least(cls, config: LofConfig) -> int:
        """One more than there are neighbours, for a window is none of its own."""
        return config.neighbours + 1

    def measure(self, flat: Flat) -> Array:
        """Shape (B,), unitless, about 1 for normal windows."""
        factors: Any = self._estimator.score_samples(flat)
        return np.asarray(-factors)
