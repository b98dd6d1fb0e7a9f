"""The work of the one detector that keeps the store: begun when that is this one, else ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol


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
        self._leaving: threading.Thread | None = None

    def step(self) -> None:
        """Take over what another detector has left, or leave what it has taken; never waits."""
        self._lease.seek()
        if self._at_work and not self._lease.keeps:
            self._leaving = threading.Thread(target=_end, args=(self._at_work,), daemon=True)
            self._leaving.start()
            self._at_work = ()
        if self._lease.keeps and not self._at_work and not self._is_leaving:
            self._at_work = self._make()
            for chore in self._at_work:
                chore.start()

    def stop(self) -> None:
        """End all of it."""
        if self._leaving is not None:
            self._leaving.join()
        _end(self._at_work)
        self._at_work = ()

    @property
    def _is_leaving(self) -> bool:
        return self._leaving is not None and self._leaving.is_alive()


def _end(chores: Sequence[Chore]) -> None:
    for chore in chores:
        chore.stop()
