"""One-class SVM: how thinly normal windows lie around this one, by a Gaussian kernel.

Source: Schölkopf et al., Estimating the support of a high-dimensional distribution, 2001.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from detector.references.contract import Array
from detector.references.estimators import EstimatorReference, Flat


@dataclass(frozen=True, slots=True, kw_only=True)
class OcSvmConfig:
    """What may be chosen.

    Attributes:
        nu: Share of training windows that may lie outside; also the least share that is kept as
            support vectors, so scoring time grows with it.
        windows: Most training windows, spread evenly.
    """

    nu: Annotated[float, Meta(gt=0, lt=1)] = 0.05
    windows: Annotated[int, Meta(ge=2)] = 4000


class OcSvm(EstimatorReference):
    """Minus the log of the kernel density, relative to the most it can be.

    The decision value itself would end at a constant far from the data, so that a strong fault
    would look like a weak one; its log goes on growing as the squared distance.
    """

    name: ClassVar[str] = "ocsvm"

    @classmethod
    def estimator_type(cls) -> type:
        """scikit-learn's own."""
        from sklearn.svm import OneClassSVM

        return OneClassSVM  # type: ignore[no-any-return]

    @classmethod
    def make(cls, config: OcSvmConfig, seed: int) -> Any:  # noqa: ANN401 -- scikit-learn is untyped
        """Nothing is random; the kernel's width follows the variance of the windows."""
        return cls.estimator_type()(kernel="rbf", gamma="scale", nu=config.nu)

    def measure(self, flat: Flat) -> Array:
        """Shape (B,), unitless, >= 0; ends at some 700 where the density underflows."""
        density = np.maximum(self._estimator.score_samples(flat), np.finfo(np.float64).tiny)
        highest = float(self._estimator.dual_coef_.sum())
        return np.asarray(np.log(highest) - np.log(density))
