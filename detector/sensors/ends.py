"""How often a channel ends at one and the same value, as what is cut off does."""

from __future__ import annotations

from collections import deque

import numpy as np

from detector.sensors.look import Array, Look

OVER = 20  # looks


class Ends:
    """The largest and smallest values of the last looks at one device."""

    def __init__(self) -> None:
        self._kept: deque[tuple[Array, Array]] = deque(maxlen=OVER)

    def again(self, look: Look) -> Array:
        """Take the next look.

        Returns:
            Shape (F,): looks of the last ``OVER`` that end at the largest value of them all, or
            at the smallest, besides the one that has to.
        """
        self._kept.append((look.values.max(axis=0), look.values.min(axis=0)))
        highest, lowest = (np.array(ends) for ends in zip(*self._kept, strict=True))
        top, bottom = highest == highest.max(axis=0), lowest == lowest.min(axis=0)
        found: Array = np.maximum(top.sum(axis=0), bottom.sum(axis=0)) - 1.0
        return found
