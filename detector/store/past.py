"""What is stored of a device, each question in a transaction of its own."""

from __future__ import annotations

from detector.records import Frame
from detector.store import frames
from detector.store.schema import Engine


class Past:
    """Answers those who go on where an earlier run, or an earlier model, stopped.

    Args:
        store: Open.
    """

    def __init__(self, store: Engine) -> None:
        self._store = store

    def newest_session(
        self, device: str, first: int, newest: int
    ) -> tuple[list[Frame], list[Frame]]:
        """See ``frames.newest_session``."""
        with self._store.begin() as connection:
            return frames.newest_session(connection, device, first, newest)

    def newest_live(self, device: str) -> Frame | None:
        """See ``frames.newest_live``."""
        with self._store.connect() as connection:
            return frames.newest_live(connection, device)

    def spans(self, device: str, start: float, end: float) -> list[tuple[float, float]]:
        """See ``frames.spans``."""
        with self._store.connect() as connection:
            return frames.spans(connection, device, start, end)
