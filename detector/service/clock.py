"""How long another message could have come: seconds of listening."""

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


class Rhythm:
    """What is done now and then in a loop that turns more often."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def is_due(self, what: str, every_s: float) -> bool:
        """Whether so many seconds have passed since it was due the last time."""
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every_s
        return True
