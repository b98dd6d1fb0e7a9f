"""That somebody asked for a reload, noted so simply that a signal handler may do it."""

from __future__ import annotations


class Request:
    """A flag without a lock: a handler that interrupts whoever holds one would wait for ever."""

    def __init__(self) -> None:
        self._is_made = False

    def make(self) -> None:
        """Ask; from any thread or signal handler. Several at once are one."""
        self._is_made = True

    def take(self) -> bool:
        """Whether somebody has asked since the last time this was asked."""
        if not self._is_made:
            return False
        self._is_made = False
        return True
