"""What is stored of a device, hot or closed, each question in a transaction of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from detector.records import Frame
from detector.store import frames
from detector.store.archive import hours
from detector.store.archive.hours import ClosedHour
from detector.store.archive.place import Place
from detector.store.archive.reading import LostHour, frames_in
from detector.store.schema import Engine

logger = logging.getLogger(__name__)


class Past:
    """Answers those who go on where an earlier run, or an earlier model, stopped.

    A session may be longer than frames stay in the tables, and a device silent for longer. A
    file that cannot be read is told in the log, and left out.

    Args:
        store: Open.
        place: Of its archive.
    """

    def __init__(self, store: Engine, place: Place) -> None:
        self._store, self._place = store, place

    def newest_session(
        self, device: str, first: int, newest: int
    ) -> tuple[list[Frame], list[Frame]]:
        """See ``frames.newest_session``."""
        with self._store.begin() as connection:
            start, tail = frames.newest_session(connection, device, first, newest)
            closed = hours.of_device(connection, device)
        if not closed:
            return start, tail
        session = tail[-1].session if tail else hours.newest_session(closed)
        start = frames.enough(chain(self._read(closed, session), start), first)
        later = chain(reversed(tail), self._read_back(closed, session))
        return start, frames.enough(later, newest)[::-1]

    def newest_live(self, device: str) -> Frame | None:
        """See ``frames.newest_live``."""
        with self._store.connect() as connection:
            found = frames.newest_live(connection, device)
            if found is not None:
                return found
            closed = hours.of_device(connection, device)
        return next(self._read_back(closed, hours.newest_session(closed)), None)

    def spans(self, device: str, start: float, end: float) -> list[tuple[float, float]]:
        """See ``frames.spans``."""
        with self._store.connect() as connection:
            hot = frames.spans(connection, device, start, end)
            return sorted([*hours.spans(connection, device, start, end), *hot])

    def _read(self, closed: Iterable[ClosedHour], session: str | None) -> Iterator[Frame]:
        for hour in closed:
            yield from self._frames(hour, session)

    def _read_back(self, closed: Sequence[ClosedHour], session: str | None) -> Iterator[Frame]:
        for hour in reversed(closed):
            yield from reversed(list(self._frames(hour, session)))

    def _frames(self, hour: ClosedHour, session: str | None) -> Iterator[Frame]:
        if session in {name for name, *_ in hour.spans}:
            found = frames_in(self._place, hour, _tell)
            yield from (frame for frame in found if frame.session == session)


def _tell(lost: LostHour) -> None:
    logger.warning("archive: %s: an hour of %s cannot be read, what follows goes on without it",
                   lost.reason, lost.device)  # fmt: skip
