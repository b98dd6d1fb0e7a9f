"""Whether rules hold, channel by channel: so many looks in a row raise one, so long ends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from detector.records import Flags
from detector.sensors.contract import Rule
from detector.sensors.look import Array


class Standing:
    """Of R rules over F channels; shapes are (R, F).

    Args:
        rules: The R rules.
        width: F.

    Attributes:
        is_on: Whether each holds.
        since: Sample time of the first look of those that raised it.
        is_suspect: Whether any was above its limit in the last look, or holds.
    """

    def __init__(self, rules: Sequence[Rule], width: int) -> None:
        self._looks = np.array([[one.looks] for one in rules])
        self._clear_s = np.array([[one.clear_s] for one in rules])
        self.is_on: Flags = np.zeros((len(rules), width), np.bool_)
        self._above = np.zeros(self.is_on.shape)
        self.since, self._last = np.full((2, *self.is_on.shape), np.nan)
        self.is_suspect = False

    def judge(self, measures: Array, limits: Array, start: float, end: float) -> None:
        """Take the next look.

        Args:
            measures: NaN where nothing can be said; that changes nothing.
            limits: Of them.
            start: Of the look, sample time.
            end: Likewise.
        """
        above, below = measures > limits, measures <= limits
        if not (above.any() or self.is_suspect):
            return
        begins = above & (self._above == 0) & ~self.is_on
        self.since = np.where(begins, start, self.since)
        self._above = np.where(above, self._above + 1, np.where(below, 0.0, self._above))
        self._last = np.where(above, end, self._last)
        is_over = below & self._is_past(end)
        self.is_on = np.asarray((self.is_on & ~is_over) | (self._above >= self._looks))
        self.is_suspect = bool((self._above > 0).any() or self.is_on.any())

    def _is_past(self, end: float) -> Flags:
        """Whether it was last above long enough ago; a clock set back counts as that."""
        gone_s = end - self._last
        return np.asarray((gone_s >= self._clear_s) | (gone_s < 0))

    def stored(self) -> dict[str, Any]:
        """As JSON can keep it; see ``restore``."""
        return {
            "on": self.is_on.tolist(),
            "since": np.nan_to_num(self.since).tolist(),
            "last": np.nan_to_num(self._last).tolist(),
        }

    def restore(self, stored: dict[str, Any]) -> None:
        """Go on from what ``stored`` gave; of other rules or channels nothing is taken over."""
        is_on = np.array(stored["on"], np.bool_)
        if is_on.shape != self.is_on.shape:
            return
        self.is_on, self.is_suspect = is_on, bool(is_on.any())
        self.since, self._last = np.array(stored["since"]), np.array(stored["last"])
        self._above = np.where(is_on, self._looks, 0.0)
