"""Log lines of one kind: the first few, then how many more there were."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Kind:
    until: float
    said: int = 0
    unsaid: int = 0


class Folding:
    """Decides which lines are said; not thread-safe.

    Args:
        most: Lines of one kind in a while.
        every_s: How long a while is.
        clock: Seconds that never go back.
    """

    def __init__(
        self, most: int, every_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._every_s, self._clock = most, every_s, clock
        self._kinds: dict[Hashable, _Kind] = {}

    def tail(self, kind: Hashable) -> str | None:
        """End of the line to say now, with the number left unsaid; None: say nothing."""
        now = self._clock()
        held = self._kinds.get(kind)
        if held is None or now >= held.until:
            unsaid = 0 if held is None else held.unsaid
            held = self._kinds[kind] = _Kind(now + self._every_s, 0, unsaid)
        if held.said >= self._most:
            held.unsaid += 1
            return None
        held.said += 1
        unsaid, held.unsaid = held.unsaid, 0
        return f" ({unsaid} more not shown)" if unsaid else ""
