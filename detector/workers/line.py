"""One worker seen from the detector: what waits for it, and the thread that asks it.

A thread a worker, so that one that is slow, dead or far away keeps no other from its work. The
thread goes from one request to the next by itself, but for what only the scoring thread can mend:
a worker that has ended, or that wants to know what is stored. It rests then until it is told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from queue import SimpleQueue

from detector.account_records import Load
from detector.engines.parts import Parts
from detector.ingest.buffer import TakenBlock
from detector.tasks.contract import GoneError
from detector.workers.briefing import Told
from detector.workers.fatal.suspects import Key, Suspects, key_of
from detector.workers.messages import Answer, Request, packed_block
from detector.workers.transport import Link

logger = logging.getLogger(__name__)

MOST_SAMPLES = 10_000  # in one request
RESTS_S = (0.0, 0.0, 0.5, 1.0, 5.0, 15.0, 60.0)  # before the next begins, by failures in a row
CLOSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and its blocks as they were given."""

    request: Request
    blocks: Sequence[TakenBlock]


@dataclass(frozen=True, slots=True)
class Event:
    """What the thread of a line tells the scoring thread.

    Attributes:
        line: Its line.
        asked: What the worker was asked for.
        answer: What came of it; None: the worker has ended.
        is_given_up: It ended at one block, which is not to be tried again.
    """

    line: Line
    asked: Asked
    answer: Answer | None
    is_given_up: bool = False


class Line:
    """For the scoring thread; what other threads may use says so.

    Args:
        number: Of the worker, from 0.
        link: To it.
        events: Where its thread tells what came.

    Attributes:
        number: The same.
        told: What the worker was told.
        restarts: Times that the worker has ended by itself.
    """

    def __init__(self, number: int, link: Link, events: SimpleQueue[Event]) -> None:
        self.number, self.told, self.restarts = number, Told(), 0
        self._link, self._events = link, events
        self._has_changed = threading.Condition()
        self._orders = Request()  # what goes with the next request, besides blocks
        self._blocks: deque[TakenBlock] = deque()
        self._out: deque[Sequence[TakenBlock]] = deque()  # asked, and not taken back
        self._parts, self._suspects = Parts(MOST_SAMPLES), Suspects()
        self._broken: set[Key] = set()  # their next block does not go on from the one before
        self._is_due = self._is_resting = self._is_over = self._is_up = False
        self._load = Load(0.0, 0.0)
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)

    def start(self) -> None:
        """Begin the worker; never waits."""
        self._thread.start()

    def close(self) -> None:
        """End it."""
        with self._has_changed:
            self._is_over = True
            self._has_changed.notify_all()
        self._link.close()
        self._thread.join(CLOSE_S)

    @property
    def is_up(self) -> bool:
        """Whether the worker lives; for any thread."""
        return self._is_up

    @property
    def is_idle(self) -> bool:
        """Whether nothing was given that was not taken back."""
        with self._has_changed:
            return not (self._is_due or self._blocks or self._out or self._is_resting)

    @property
    def waiting_samples(self) -> int:
        """Given and not scored; for any thread."""
        with self._has_changed:
            return sum(len(block.samples) for block in self._given())

    @property
    def oldest_lot(self) -> int | None:
        """Of what was given and not taken back."""
        with self._has_changed:
            return min((block.lot for block in self._given()), default=None)

    @property
    def load(self) -> Load:
        """For any thread."""
        return self._load

    def add(self, block: TakenBlock) -> None:
        """Let a block wait; ``wake`` follows."""
        with self._has_changed:
            self._blocks.append(block)

    @contextmanager
    def orders(self) -> Iterator[Request]:
        """To be added to; they go with the next request."""
        with self._has_changed:
            yield self._orders

    def wake(self) -> None:
        """Something was added."""
        with self._has_changed:
            self._is_due = True
            self._has_changed.notify_all()

    def resume(self) -> None:
        """The scoring thread has seen to what made the line rest."""
        with self._has_changed:
            self._is_resting, self._is_due = False, True
            self._has_changed.notify_all()

    def done(self) -> None:
        """What was asked for first is taken back."""
        with self._has_changed:
            self._out.popleft()

    def again(self, *, anew: bool) -> Iterable[str]:
        """Ask once more for what was asked for first; ``resume`` follows.

        Args:
            anew: The worker is another one: orders are made again.

        Returns:
            The devices of all that waits.
        """
        with self._has_changed:
            if anew:
                self._orders = Request(factor=self._orders.factor)
            self._blocks.extendleft(reversed(self._out.popleft()))
            return dict.fromkeys(block.device for block in self._blocks)

    def give_up(self, rests: Callable[[TakenBlock], bool]) -> list[TakenBlock]:
        """Take back the block that was asked for alone; ``again`` follows.

        Args:
            rests: Of blocks that wait: whether they are taken back as well.

        Returns:
            What was taken besides; what follows them is told that samples are missing.
        """
        with self._has_changed:
            key = key_of(self._out[0][0])
            self._out[0] = ()
            self._broken.add(key)
            taken = list(takewhile(rests, (one for one in self._blocks if key_of(one) == key)))
            left = {id(block) for block in taken}
            self._blocks = deque(one for one in self._blocks if id(one) not in left)
            return taken

    def _given(self) -> Iterator[TakenBlock]:
        return chain(*self._out, self._blocks)

    def _run(self) -> None:
        while self._make_up():
            found = self._next()
            if found is None:
                break
            self._events.put(self._ask(found))
        self._link.close()

    def _make_up(self) -> bool:
        """Have a worker that lives; returns False at the end."""
        while not self._is_up:
            with self._has_changed:
                if self._has_changed.wait_for(lambda: self._is_over, self._rest_s):
                    return False
            began = time.monotonic()
            try:
                name = self._link.start()
            except GoneError as error:
                self._mourn(error)
            else:
                self._is_up = True
                logger.info("worker %d: %s, ready after %.1f s", self.number + 1, name,
                            time.monotonic() - began)  # fmt: skip
        return True

    def _next(self) -> Asked | None:
        """Wait for something to do; None at the end."""
        with self._has_changed:
            self._has_changed.wait_for(
                lambda: self._is_over or (self._is_due and not self._is_resting)
            )
            if self._is_over:
                return None
            blocks = self._taken()
            self._out.append(blocks)
            self._is_due = bool(self._blocks)
            request, self._orders = self._orders, Request(factor=self._orders.factor)
        request.blocks = [packed_block(block) for block in blocks]
        return Asked(request, blocks)

    def _taken(self) -> list[TakenBlock]:
        """The blocks of the next request; the caller has the lock."""
        found = self._parts.next(self._blocks)
        most = self._suspects.most(found)
        self._blocks.extendleft(reversed(found[most:]))
        for number, block in enumerate(found[:most] if self._broken else ()):
            if key_of(block) in self._broken:
                self._broken.discard(key_of(block))
                found[number] = replace(block, broken=True)
        return found[:most]

    def _ask(self, asked: Asked) -> Event:
        try:
            answer = self._link.call(asked.request)
        except GoneError as error:
            return self._ended(asked, error)
        except Exception:  # the guard of this thread: the worker may have heard half of it
            logger.exception("worker %d: a fault", self.number + 1)
            return self._ended(asked, GoneError("is replaced after a fault"))
        busy_s, scoring_s = self._load
        self._load = Load(busy_s + answer.busy_s, scoring_s + answer.scoring_s)
        self._parts.took(answer.busy_s)
        if answer.wants:
            self._rest()
        else:
            self._failures = 0
            self._suspects.answered(asked.blocks)
        return Event(self, asked, answer)

    def _ended(self, asked: Asked, error: GoneError) -> Event:
        is_given_up = self._suspects.ended(asked.blocks)
        if asked.blocks and not self._suspects.deaths:
            self._failures = 0  # what is tried next is another thing
        self._mourn(error)
        self._rest()
        return Event(self, asked, None, is_given_up)

    def _rest(self) -> None:
        """Until the scoring thread has seen to it."""
        with self._has_changed:
            self._is_resting = True

    def _mourn(self, error: GoneError) -> None:
        self._link.close()
        self._is_up = False
        self._failures += 1
        if self._is_over:
            return
        self.restarts += 1
        logger.warning("worker %d: %s; the next begins in %g s and goes on where it stopped",
                       self.number + 1, error, self._rest_s)  # fmt: skip

    @property
    def _rest_s(self) -> float:
        return RESTS_S[min(self._failures, len(RESTS_S) - 1)]
