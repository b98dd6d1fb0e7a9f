"""The work of the one detector that keeps the store: begun when that is this one, else ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

logger = logging.getLogger(__name__)


class Chore(Protocol):
    """What is done beside the scoring, by one detector of a store."""

    def start(self) -> None:
        """Begin; never waits."""
        ...

    def stop(self) -> None:
        """End it, after what it is in the middle of."""
        ...


class Holds(Protocol):
    """What of the lease is used."""

    keeps: bool

    def seek(self) -> None:
        """Keep the store, where nobody does."""
        ...


class Duty:
    """By the tick of the scoring thread.

    Args:
        lease: Says whose duty it is.
        chores: Makes them, each time anew.
    """

    def __init__(self, lease: Holds, chores: Callable[[], Sequence[Chore]]) -> None:
        self._lease, self._make = lease, chores
        self._at_work: Sequence[Chore] = ()

    def step(self) -> None:
        """Take over what another detector has left, or leave what it has taken."""
        self._lease.seek()
        if self._lease.keeps and not self._at_work:
            self._at_work = self._make()
            for chore in self._at_work:
                chore.start()
        elif self._at_work and not self._lease.keeps:
            self.stop()

    def stop(self) -> None:
        """End all of it."""
        for chore in self._at_work:
            chore.stop()
        self._at_work = ()
