"""Isolation forest: abnormal windows are cut off from the rest by few random splits.

The weakest of the references here: a fault touches few of a window's many values, and random
splits seldom meet those. Cheap in large batches, but a call costs 5 ms however small it is.

Source: Liu, Ting, Zhou, Isolation forest, ICDM 2008.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from msgspec import Meta

from detector.errors import BundleError
from detector.references.contract import Array
from detector.references.estimators import EstimatorReference, Flat

LEAF = -1  # scikit-learn's mark of a node without children


@dataclass(frozen=True, slots=True, kw_only=True)
class IForestConfig:
    """What may be chosen.

    Attributes:
        trees: More are steadier and slower.
        samples: Training windows each tree sees.
        windows: Most training windows, spread evenly.
    """

    trees: Annotated[int, Meta(ge=1)] = 100
    samples: Annotated[int, Meta(ge=2)] = 256
    windows: Annotated[int, Meta(ge=2)] = 4000


class IForest(EstimatorReference):
    """How many times sooner than random data a window is cut off.

    The paper's score, 2 to the minus relative path length, ends at 1: a threshold 1.25 times the
    largest normal score would be out of reach. The path length itself, turned over, goes further:
    twice the normal distance and more, where even the first splits cut a window off.
    """

    name: ClassVar[str] = "iforest"
    # skops leaves a tree out of its own list because scikit-learn follows its node numbers
    # without looking; ``_refuse_wild_tree`` looks before the first window does.
    trusted: ClassVar[tuple[str, ...]] = ("sklearn.tree._tree.Tree",)

    @classmethod
    def estimator_type(cls) -> type:
        """scikit-learn's own."""
        from sklearn.ensemble import IsolationForest

        return IsolationForest  # type: ignore[no-any-return]

    @classmethod
    def make(cls, config: IForestConfig, seed: int) -> Any:  # noqa: ANN401 -- scikit-learn is untyped
        """The same seed gives the same trees."""
        return cls.estimator_type()(
            n_estimators=config.trees, max_samples=config.samples, random_state=seed
        )

    @classmethod
    def at_least(cls, config: IForestConfig) -> int:
        """As many as one tree sees."""
        return config.samples

    def measure(self, flat: Flat) -> Array:
        """Shape (B,), unitless; 1 is no different from random data, 2 takes half the splits."""
        scores = -self._estimator.score_samples(flat)  # 0..1
        return np.asarray(-1 / np.log2(scores))

    @classmethod
    def read(cls, config: IForestConfig, shape: tuple[int, int], folder: Path) -> Self:
        """See ``Reference.read``; every tree is checked."""
        made = super().read(config, shape, folder)
        for number, grown in enumerate(made._estimator.estimators_):
            _refuse_wild_tree(grown.tree_, shape[0] * shape[1], f"{folder}: tree {number}")
        return made


def _refuse_wild_tree(tree: Any, width: int, what: str) -> None:  # noqa: ANN401
    """Refuse a tree that leads out of its nodes, in a circle, or to values no window has."""
    if not 0 < tree.node_count <= tree.capacity:
        raise BundleError(f"{what}: {tree.node_count} nodes, allowed: 1 to {tree.capacity}")
    own = np.arange(tree.node_count)
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = left != LEAF
    # A tree grown depth first numbers children after their parent, so no path comes back.
    sound = (left[inner] > own[inner]) & (right[inner] > own[inner])
    sound &= (left[inner] < tree.node_count) & (right[inner] < tree.node_count)
    sound &= (feature[inner] >= 0) & (feature[inner] < width)
    if not sound.all():
        raise BundleError(f"{what}: {int((~sound).sum())} nodes lead nowhere, allowed: none")
