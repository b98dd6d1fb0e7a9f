"""The process that learns, one device after the other, beside the detector and behind it.

It is started with the first lesson and ended once there has been none for a while: torch is large.
It is spawned, not forked, has the lowest claim to the processor and one thread, and ends by itself
when the detector is gone.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import time
from collections import deque
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from detector.provisional.contract import Lesson, Outcome

logger = logging.getLogger(__name__)

NICE = 10
IDLE_S = 30.0  # without a lesson, and the process ends
REST_S = 60.0  # after it has ended by itself, before it is started again
GONE = "the process that learns has ended"


class Apprentice:
    """Takes lessons in order and gives them one at a time to a process of its own.

    Args:
        store_url: Of the store that lessons are read from.
    """

    def __init__(self, store_url: str) -> None:
        self._store_url = store_url
        self._waiting: deque[Lesson] = deque()
        self._given: Lesson | None = None
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._used = self._rest_until = 0.0

    @property
    def is_free(self) -> bool:
        """Whether nothing waits and nothing is being learnt."""
        return self._given is None and not self._waiting

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return None if self._process is None else self._process.pid

    def take(self, lesson: Lesson) -> None:
        """Put a lesson behind those that wait."""
        self._waiting.append(lesson)

    def outcome(self) -> Outcome | None:
        """What came of a lesson since this was last asked; gives the next one. Never waits."""
        found: Outcome | None = None
        try:
            if self._given is not None and self._pipe is not None and self._pipe.poll():
                found, self._given = self._pipe.recv(), None
        except (EOFError, OSError):
            assert self._given is not None
            logger.warning("learning: %s (%s)", GONE, self._given.device)
            found = Outcome(device=self._given.device, reason=GONE)
            self._given, self._rest_until = None, time.monotonic() + REST_S
            self.close()
        self._go_on()
        return found

    def close(self) -> None:
        """End the process; what was being learnt is learnt after the next start."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None

    def _go_on(self) -> None:
        now = time.monotonic()
        if self._given is None and self._waiting and now >= self._rest_until:
            self._given, self._used = self._waiting.popleft(), now
            self._give(self._given)
        elif self._given is None and self._process is not None and now > self._used + IDLE_S:
            self.close()

    def _give(self, lesson: Lesson) -> None:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(
                target=_work, args=(theirs, self._store_url), name="learning", daemon=True
            )
            self._process.start()
            theirs.close()
        with contextlib.suppress(OSError):  # it has ended: asked for the outcome, it says so
            self._pipe.send(lesson)


def _work(pipe: Connection, store_url: str) -> None:
    """The whole life of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the detector, which ends us
    os.nice(NICE)
    os.environ["OMP_NUM_THREADS"] = "1"
    from detector.provisional.lessons import give  # noqa: PLC0415 -- only here: it is slow
    from detector.store.schema import open_store  # noqa: PLC0415

    store = open_store(store_url)
    with contextlib.suppress(EOFError, OSError):  # the detector has ended
        while True:
            pipe.send(give(pipe.recv(), store))
