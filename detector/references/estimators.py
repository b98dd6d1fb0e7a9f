"""A scikit-learn estimator as a reference: flattened windows in, one distance each out.

scikit-learn takes seconds to import, so each reference imports its own when it is made or read.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from detector.errors import BundleError
from detector.records import Values
from detector.references.contract import SMALLEST, Array, Measuring, training_windows
from detector.references.storage import read_estimator, write_estimator

Flat = npt.NDArray[np.float32]


class EstimatorReference(Measuring):
    """What the references from scikit-learn share.

    Args:
        config: Its frozen config; has ``windows``, the most training windows.
        shape: (L, F).
        estimator: Fitted.
    """

    trusted: ClassVar[tuple[str, ...]] = ()  # types skops does not build by itself

    def __init__(self, config: Any, shape: tuple[int, int], estimator: Any) -> None:  # noqa: ANN401
        super().__init__(config, shape)
        self._estimator = estimator

    @classmethod
    @abstractmethod
    def estimator_type(cls) -> type:
        """The type that ``make`` makes."""

    @classmethod
    @abstractmethod
    def make(cls, config: Any, seed: int) -> Any:  # noqa: ANN401 -- scikit-learn is untyped
        """The estimator, not yet fitted."""

    @classmethod
    def at_least(cls, config: Any) -> int:  # noqa: ANN401
        """Fewest training windows."""
        return 2

    @abstractmethod
    def measure(self, flat: Flat) -> Array:
        """Distances of windows flattened to (B, L·F), B >= 1; higher is more abnormal."""

    @classmethod
    def fit(cls, config: Any, windows: Values, seed: int) -> Self:  # noqa: ANN401
        """Fit the estimator to flattened windows."""
        seen = training_windows(cls.name, windows, config.windows, cls.at_least(config))
        estimator = cls.make(config, seed).fit(seen.reshape(len(seen), -1))
        return cls(config, seen.shape[1:], estimator)

    def distance(self, windows: Values) -> Array:
        """See ``Measuring.distance``."""
        self.refuse_other_shapes(windows)
        if not len(windows):
            return np.empty(0)
        found = self.measure(windows.reshape(len(windows), -1))
        return np.maximum(found.astype(np.float64), SMALLEST)

    def write(self, folder: Path) -> None:
        """Keep the estimator."""
        write_estimator(folder, self._estimator)

    @classmethod
    def read(cls, config: Any, shape: tuple[int, int], folder: Path) -> Self:  # noqa: ANN401
        """See ``Reference.read``."""
        estimator = read_estimator(folder, cls.estimator_type(), cls.trusted)
        width = shape[0] * shape[1]
        if getattr(estimator, "n_features_in_", None) != width:
            raise BundleError(
                f"{folder}: the estimator of {cls.name} takes "
                f"{getattr(estimator, 'n_features_in_', 0)} values per window, allowed: {width}"
            )
        return cls(config, shape, estimator)
