"""What every reference is: a detector without a network, fitted to normal windows.

There are two kinds, and ``isinstance`` tells them apart. A ``Reconstructing`` one gives back what
a network would, so the same score applies to it. A ``Measuring`` one gives a single distance
per window; high distances indicate anomalies. Neither looks at the rest of a batch, and the same
window always gives the same answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from detector.errors import BundleError, TrainingError
from detector.records import Values
from detector.sessions.windows import spread_evenly

Array: TypeAlias = npt.NDArray[np.float64]

SMALLEST = 1e-12  # a distance is above 0, so that its logarithm exists


@dataclass(frozen=True, slots=True)
class Reconstructed:
    """What a reconstructing reference says of B windows.

    Attributes:
        reconstruction: Shape (B, L, F), scaled units.
        residual: Shape (B, L, F), signed: reconstruction minus window.
    """

    reconstruction: Values
    residual: Values


class Reference(ABC):
    """A fitted reference.

    Attributes:
        name: Its name in ``REFERENCES``.
        config: Its frozen config.
        shape: (L, F) of the windows it takes.
    """

    name: ClassVar[str]

    def __init__(self, config: Any, shape: tuple[int, int]) -> None:  # noqa: ANN401 -- each its own
        self.config = config
        self.shape = shape

    @classmethod
    @abstractmethod
    def fit(cls, config: Any, windows: Values, seed: int) -> Self:  # noqa: ANN401
        """Fit to normal windows of shape (B, L, F), see ``Recipe.fit``."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write what was learnt, beside the document that ``save_reference`` writes."""

    @classmethod
    @abstractmethod
    def read(cls, config: Any, shape: tuple[int, int], folder: Path) -> Self:  # noqa: ANN401
        """Read what ``write`` wrote.

        Raises:
            BundleError: If the file is missing or broken.
        """

    def refuse_other_shapes(self, windows: Values) -> None:
        """Refuse windows of another length or with other features.

        Raises:
            BundleError: Naming both shapes.
        """
        if windows.shape[1:] != self.shape:
            raise BundleError(
                f"reference {self.name}: windows of {windows.shape[1:]} (samples, features), "
                f"allowed: {self.shape}"
            )


class Reconstructing(Reference):
    """A reference with a reconstruction."""

    @abstractmethod
    def reconstruct(self, windows: Values) -> Reconstructed:
        """Reconstruct windows of shape (B, L, F) in scaled units; a view will do."""


class Measuring(Reference):
    """A reference with one distance per window.

    Distances reach well above normal ones, so that a margin on the largest of these makes sense.
    Their logarithm can stand for the spread of a single feature: read two-sided, it also finds
    faults that bring windows closer to the mean than normal ones ever are.
    """

    @abstractmethod
    def distance(self, windows: Values) -> Array:
        """Shape (B,), > 0, higher is more abnormal, of windows (B, L, F) in scaled units."""


def training_windows(name: str, windows: Values, at_most: int, at_least: int = 2) -> Values:
    """The windows a reference is fitted to, spread evenly, so that memory and time stay bounded.

    Args:
        name: Of the reference, for messages.
        windows: Shape (B, L, F), a view will do.
        at_most: Windows to keep.
        at_least: Fewest windows that can be fitted to.

    Raises:
        TrainingError: If there are too few, or a value is missing.
    """
    chosen = spread_evenly(windows, at_most)
    if len(chosen) < at_least:
        raise TrainingError(
            f"reference {name}: {len(chosen)} training windows, allowed: at least {at_least}"
        )
    if missing := int((~np.isfinite(chosen)).any(axis=(1, 2)).sum()):
        raise TrainingError(
            f"reference {name}: {missing} of {len(chosen)} training windows have a value that is "
            "missing or infinite, allowed: none"
        )
    return chosen
