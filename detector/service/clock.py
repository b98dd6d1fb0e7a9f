"""How long another message could have come: seconds of listening; what is due by the clock."""

from __future__ import annotations

import time

LONGEST_STEP_S = 0.5  # a process that was held up for longer heard nothing


class ListeningClock:
    """Stands still while nothing can come, so that what waits for another message waits on.

    Attributes:
        now: Seconds, never less than before.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._then = time.monotonic()

    def tick(self, *, is_listening: bool) -> float:
        """Go on by the time since the last tick; returns ``now``."""
        then, self._then = self._then, time.monotonic()
        if is_listening:
            self.now += min(self._then - then, LONGEST_STEP_S)
        return self.now


class Due:
    """What is done every so often, by name."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    def is_now(self, what: str, every_s: float) -> bool:
        """Whether it is to be done; it then counts as done."""
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every_s
        return True

    def again(self, *whats: str) -> None:
        """These came to nothing: they are due at once."""
        for what in whats:
            self._next.pop(what, None)
