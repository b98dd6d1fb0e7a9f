"""The offset of one session, for machines that never start alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.records import Values


class Baseline:
    """The mean of a session's first samples.

    Args:
        samples: How many; 0: none, the offset is zero and known at once.
        width: F.
    """

    def __init__(self, samples: int, width: int) -> None:
        self._wanted, self._width = samples, width
        self._inherited: list[Values] = []
        self.restart()

    def restart(self) -> None:
        """A session begins; an inherited start counts once."""
        self.offset: npt.NDArray[np.float64] = np.zeros(self._width)
        self._seen: list[Values] = []
        self._missing = self._wanted
        for part in self._inherited:
            self.learn(part)
        self._inherited = []

    def inherit(self, start: Sequence[Values]) -> None:
        """The next session to begin is one whose first samples are already known."""
        self._inherited = list(start)

    def learn(self, values: Values) -> int:
        """Take the next samples, shape (n, F).

        Returns:
            How many of them, counted from the newest, come with the offset known.
        """
        if not self._missing:
            return len(values)
        used = values[: self._missing]
        self._seen.append(used)
        self._missing -= len(used)
        if self._missing:
            return 0
        self.offset = np.concatenate(self._seen).astype(np.float64).mean(axis=0)
        self._seen = []
        return len(values) - len(used) + 1
