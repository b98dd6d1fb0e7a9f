"""One device's conditions while it is scored: where its columns should be, and how far they go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.normal.conditions import Array, Conditions
from detector.normal.spread import MachineLevel, Machines


class Followed:
    """The conditions of one device: what they add to its centres, and whether they were learnt.

    Args:
        conditions: Of its model; None: there are none.
        features: The columns of its samples, those of the conditions among them.
        machines: How far they may lie from them; None: by the model's scaling alone.
        level: What is known of this machine; None: nothing.

    Attributes:
        outside: What of the sample looked at last is outside what was learnt, in words; or None.
    """

    def __init__(
        self,
        conditions: Conditions | None,
        features: Sequence[str],
        machines: Machines | None = None,
        level: MachineLevel | None = None,
    ) -> None:
        self._conditions, self._machines, self._level = conditions, machines, level
        channels = () if conditions is None else conditions.channels
        self.columns = [features.index(name) for name in channels]
        self.outside: str | None = None

    def centre(self, samples: npt.NDArray[np.floating]) -> Array | float:
        """Added to the centres of F features, shape (n, F); 0 where nothing is followed."""
        conditions = self._conditions
        return 0.0 if conditions is None else conditions.centre(self.given(samples))

    def width(self, samples: npt.NDArray[np.floating]) -> Array | float:
        """Deviation of F features at samples, in scaled units, (n, F); 1 where nothing is known."""
        if self._machines is None:
            return 1.0
        return self._machines.deviation(self._level or self._machines.unknown, self.given(samples))

    def given(self, samples: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """The conditions alone, shape (n, C)."""
        return samples[:, self.columns]

    def look(self, samples: npt.NDArray[np.floating]) -> None:
        """Whether the conditions of the newest of some samples are ones that the model has seen."""
        if self._conditions is not None and len(samples):
            self.outside = self._conditions.told(samples[-1, self.columns].astype(np.float64))
