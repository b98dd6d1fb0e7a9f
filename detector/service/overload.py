"""Whether scoring keeps up: how far it is thinned out, before any sample is lost.

What is measured is the time in which nobody had anything to do. Where there is none for a while,
and scoring takes enough of the time for thinning to help, one window in two is scored, then one in
four and so on. It is taken back where twice the windows would leave time to spare.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from detector.account_records import Load
from detector.folding import Folding
from detector.scoring.thinning import MOST

logger = logging.getLogger(__name__)

LOOK_S = 1.0
BUSY = 0.92  # share of the time with something to do, from which on it is all of it
WORTH = 0.1  # share that scoring takes at least, or to score less would not help
BEHIND_S = 5.0  # for so long, and less is scored ...
STILL_S = 10.0  # ... and still less: what waited has to be worked off first ...
PRESSED = 0.25  # ... or at the next look, where a device's memory is this full
ROOM = 0.7  # share that twice the windows may take
ROOM_S = 15.0  # for so long, and more is scored
MOST_LINES, LINES_EVERY_S = 5, 60.0


class Overload:
    """Raises the factor while scoring falls behind and lowers it, slowly, when there is room.

    Args:
        fullness: How full the fullest device's memory is, 0..1.
        clock: Seconds that never go back.
        cpu: Seconds that this process has computed, all of its threads.

    Attributes:
        factor: One window in so many is to be scored.
    """

    def __init__(
        self,
        fullness: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self.factor = 1
        self._fullness, self._clock, self._cpu = fullness, clock, cpu
        self._began = clock()
        self._idle_s = 0.0
        self._scored_s = 0.0  # up to the last look
        self._loads: Sequence[Load] = ()  # the same
        self._behind_s = self._room_s = 0.0
        self._told = Folding(MOST_LINES, LINES_EVERY_S, clock)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around the wait for work; what other threads compute meanwhile is no idle time."""
        began, computed = self._clock(), self._cpu()
        yield
        waited = self._clock() - began
        self._idle_s += max(waited - (self._cpu() - computed), 0.0)

    def look(self, scoring_s: float, loads: Sequence[Load] = ()) -> int:
        """After each tick.

        Args:
            scoring_s: Seconds so far that went into windows here.
            loads: Of the processes that score for this one; the busiest counts.

        Returns:
            The factor from now on.
        """
        now = self._clock()
        passed = now - self._began
        if passed >= LOOK_S:
            here = Load(passed - self._idle_s, scoring_s - self._scored_s)
            before = dict(enumerate(self._loads))
            beside = [_since(load, before.get(i)) for i, load in enumerate(loads)]
            busy, scoring = (max(each) / passed for each in zip(here, *beside, strict=True))
            self._judge(passed, min(busy, 1.0), scoring)
            self._began, self._idle_s, self._scored_s = now, 0.0, scoring_s
            self._loads = loads
        return self.factor

    def _judge(self, passed: float, busy: float, scoring: float) -> None:
        is_behind = busy >= BUSY and scoring >= WORTH
        has_room = busy + scoring <= ROOM
        self._behind_s = self._behind_s + passed if is_behind else 0.0
        self._room_s = self._room_s + passed if has_room else 0.0
        patience_s = BEHIND_S if self.factor == 1 else STILL_S
        if self._fullness() >= PRESSED:
            patience_s = 0.0
        if is_behind and self._behind_s >= patience_s and self.factor < MOST:
            self._change(self.factor * 2, busy, scoring)
        elif self._room_s >= ROOM_S and self.factor > 1:
            self._change(self.factor // 2, busy, scoring)

    def _change(self, factor: int, busy: float, scoring: float) -> None:
        is_worse, self.factor = factor > self.factor, factor
        self._behind_s = self._room_s = 0.0
        tail = self._told.tail("factor")
        if tail is not None:
            logger.log(
                logging.WARNING if is_worse else logging.INFO,
                "%s: %s is scored (%.0f %% busy, scoring %.0f %%)%s",
                "overloaded" if factor > 1 else "overload is over",
                f"one window in {factor}" if factor > 1 else "every window",
                100 * busy, 100 * scoring, tail,
            )  # fmt: skip


def _since(load: Load, before: Load | None) -> Load:
    return load if before is None else Load(*(n - b for n, b in zip(load, before, strict=True)))
