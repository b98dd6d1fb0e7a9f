"""What may be merged and deleted though a clock may jump: frames are told by their numbers.

Viewers tail the numbers of frames, a second or two behind, and a block has the highest of those it
is made of: who had seen a part of it would see it again. Arrival cannot tell what is old enough, as
after a jump forward everything is.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable

from detector.store.keeping.merging import BLOCK_S, Settled

logger = logging.getLogger(__name__)

SEEN_S = 60.0
SILENT_S = SEEN_S + 2 * BLOCK_S
JUMP_S, DOUBT_S = 3600.0, 3600.0
EVERY_S = 1.0  # between two that are kept: as exact as it has to be


class Settling:
    """Notes the newest number now and then, by a clock that only goes forward.

    What was there at the start is settled no sooner: when it came is not known for certain.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._noted: deque[tuple[float, int]] = deque()
        self._silent = 0

    def note(self, newest: int) -> Settled:
        """Take the newest number of all; returns what has settled."""
        now = self._clock()
        if not self._noted or now - self._noted[-1][0] >= EVERY_S:
            self._noted.append((now, newest))
        while self._noted and now - self._noted[0][0] >= SILENT_S:
            self._silent = self._noted.popleft()[1]
        seen = [number for at, number in self._noted if now - at >= SEEN_S]
        return Settled(max(seen, default=self._silent), self._silent)


class Doubt:
    """Whether a clock has just jumped forward: what is too old by it is not deleted yet.

    An hour is enough for somebody, or a server of time, to set it right, and to read the log.

    Args:
        clock: Seconds, only forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._now: float | None = None
        self._then = self._until = -math.inf

    def is_founded(self, now: float) -> bool:
        """Take what the other clock says, UTC seconds."""
        then = self._clock()
        jump_s = 0.0 if self._now is None else now - self._now - (then - self._then)
        if jump_s > JUMP_S:
            logger.warning("store: the clock went forward by %.1f h at once; nothing is deleted "
                           "for its age for an hour", jump_s / 3600)  # fmt: skip
            self._until = then + DOUBT_S
        self._now, self._then = now, then
        return then < self._until
