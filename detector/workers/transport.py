"""How a worker is reached: all that a transport is, one file each."""

from __future__ import annotations

from typing import Any, Protocol

from detector.workers.messages import Answer, Request
from detector.workers.parcels import Parcel


class Link(Protocol):
    """How one worker is reached: all that a transport is. One thread uses it."""

    def start(self) -> str:
        """Begin a worker that was told nothing yet; returns its name once it listens.

        Raises:
            GoneError: If it does not.
        """

    def call(self, request: Request) -> Answer:
        """Ask it, and wait for the answer.

        Raises:
            GoneError: If it has ended, or says nothing for long.
        """
        ...

    def close(self) -> None:
        """End it, if there is one; any thread may."""


class Transport(Protocol):
    """How workers are reached."""

    def link(self, number: int) -> Link:
        """To the worker of a number, from 0."""
        ...

    def keep(self, parcel: Parcel) -> Any:  # noqa: ANN401 -- a worker of it can open that
        """What stands for a model in requests."""

    def close(self) -> None:
        """All links are closed."""
