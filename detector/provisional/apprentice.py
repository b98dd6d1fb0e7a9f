"""The process that learns, one device after the other, beside the detector and behind it.

It is started shortly before the first lesson, for its imports take seconds, and ended once there
has been none for a while: torch is large.
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
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from detector.giving_way import give_way
from detector.provisional.contract import Lesson, Outcome
from detector.provisional.files import Mark

logger = logging.getLogger(__name__)

NICE = 10
AHEAD = 4  # lessons given at a time, so that it never waits for the detector's next look
IDLE_S = 90.0  # without a lesson, and the process ends
REST_S = 60.0  # after it has ended by itself, before it is started again
GONE = "the process that learns has ended"


class Apprentice:
    """Gives lessons to a process of its own, which learns one after the other.

    Devices without any model come first, in the order of their asking.

    Args:
        store_url: Of the store that lessons are read from.
        archive: Of its closed hours, as the settings name it.
    """

    def __init__(self, store_url: str, archive: str | None = None) -> None:
        self._store_url, self._archive = store_url, archive
        self._waiting: list[Lesson] = []
        self._given: list[Lesson] = []
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._used = self._rest_until = 0.0

    @property
    def is_free(self) -> bool:
        """Whether nothing waits and nothing is being learnt."""
        return not self._given and not self._waiting

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return None if self._process is None else self._process.pid

    def take(self, lesson: Lesson) -> None:
        """Let a lesson wait for its turn."""
        self._waiting.append(lesson)

    def drop(self, device: str) -> None:
        """Forget what waits for a device; what is being learnt is learnt to its end."""
        self._waiting = [lesson for lesson in self._waiting if lesson.device != device]

    def get_ready(self) -> None:
        """Have the process import what it needs: a lesson is near."""
        now = time.monotonic()
        if now >= self._rest_until:
            self._used = now
            self._start()

    def outcome(self) -> Outcome | None:
        """What came of a lesson, one a call; gives the next ones. Never waits."""
        found: Outcome | None = None
        try:
            if self._given and self._pipe is not None and self._pipe.poll():
                found = self._pipe.recv()
                del self._given[0]
        except (EOFError, OSError):
            found = self._mourn()
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

    def _mourn(self) -> Outcome:
        """The process is gone, and the lesson it was at with it; the others are given again."""
        lost, self._waiting = self._given[0], self._given[1:] + self._waiting
        logger.warning("learning: %s (%s)", GONE, lost.device)
        self._given, self._rest_until = [], time.monotonic() + REST_S
        self.close()
        return Outcome(device=lost.device, reason=GONE)

    def _go_on(self) -> None:
        now = time.monotonic()
        while self._waiting and len(self._given) < AHEAD and now >= self._rest_until:
            lesson = min(self._waiting, key=lambda lesson: bool(lesson.before))
            self._waiting.remove(lesson)
            self._given.append(lesson)
            self._give(lesson)
        if self._given:
            self._used = now
        elif self._process is not None and now > self._used + IDLE_S:
            self.close()

    def _start(self) -> Connection:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(
                target=_work,
                args=(theirs, self._store_url, self._archive),
                name="learning",
                daemon=True,
            )
            self._process.start()
            theirs.close()
        return self._pipe

    def _give(self, lesson: Lesson) -> None:
        pipe = self._start()
        with contextlib.suppress(OSError):  # it has ended: asked for the outcome, it says so
            pipe.send(lesson)


def _work(pipe: Connection, store_url: str, archive: str | None) -> None:
    """The whole life of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the detector, which ends us
    give_way(NICE)
    os.environ["OMP_NUM_THREADS"] = "1"
    from detector.provisional.lessons import give  # noqa: PLC0415 -- only here: it is slow
    from detector.store.archive.place import place_at  # noqa: PLC0415
    from detector.store.places import archive_place  # noqa: PLC0415
    from detector.store.schema import open_store  # noqa: PLC0415

    store, made = open_store(store_url), dict[str, Mark]()
    place = place_at(archive_place(store, archive))
    with contextlib.suppress(EOFError, OSError):  # the detector has ended
        while True:
            lesson: Lesson = pipe.recv()
            # Many are asked for at once: those learnt since then have a say too.
            peers = lesson.alike([*lesson.peers, *made.values()])
            outcome = give(replace(lesson, peers=peers), store, place)
            if outcome.mark is not None:
                made[lesson.device] = outcome.mark
            pipe.send(outcome)
