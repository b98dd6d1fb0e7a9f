"""How a state goes on, in arrays: what scoring asks of a network that carries one."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Sizes = npt.NDArray[np.int64]


class Stepping(Protocol):
    """An encoder that goes on over the next samples of B sequences."""

    def __call__(self, samples: Array, sizes: Sizes, state: Array) -> tuple[Array, Array]:
        """Go on.

        Args:
            samples: N in all in scaled units, (N, F): the first of each sequence, the second, …
            sizes: How many of each, not increasing: those of the longest sequence come first.
            state: After the samples before, (B, S).

        Returns:
            The code of each sample, (N, C), and the new state of each sequence, (B, S).
        """
