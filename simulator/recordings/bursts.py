"""Waveforms as many sensors send them: a burst now and then, nothing between."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bursts:
    """So many seconds of samples, every so many seconds.

    Raises:
        SimulatorError: If a burst is not shorter than the time from one to the next.
    """

    length_s: float
    every_s: float

    def __post_init__(self) -> None:
        if not 0 < self.length_s < self.every_s < np.inf:
            raise SimulatorError(
                f"bursts of {self.length_s:g} s every {self.every_s:g} s; allowed: above 0, and "
                "shorter than the time from one to the next"
            )

    def number(self, since_s: Array) -> Array:
        """Number of the burst that each sample belongs to, shape (n,); NaN between bursts.

        Args:
            since_s: Shape (n,), seconds since the first sample.
        """
        number = np.floor((since_s + 1e-9) / self.every_s)
        return np.where(since_s - number * self.every_s < self.length_s - 1e-9, number, np.nan)

    def __str__(self) -> str:
        return f"bursts of {self.length_s:g} s every {self.every_s:g} s"


def bursts(text: str) -> Bursts:
    """Read ``LENGTH:EVERY`` in seconds, such as ``1:10``.

    Raises:
        SimulatorError: If it is something else.
    """
    try:
        length_s, every_s = (float(part) for part in text.split(":"))
    except ValueError:
        raise SimulatorError(f"bursts {text!r}; allowed: LENGTH:EVERY in s, like 1:10") from None
    return Bursts(length_s, every_s)
