"""The process itself: ``python -m detector.housekeeping.chores``, started by a detector alone.

Its interpreter is its own, so scoring never waits for it but for a lock of the store. It has a low
claim to the processor, knows no torch, and ends at once when the detector is gone: each of its
steps may be its last.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from logging.handlers import QueueHandler

from detector.errors import FaultlineError
from detector.flights.recorder import FlightRecorder
from detector.giving_way import give_way
from detector.housekeeping.contract import GONE, Orders, Wire, Word
from detector.store.keeping.checkpoints import Checkpoints, leave_to_others
from detector.store.keeping.fence import fence
from detector.store.keeping.rules import Rules
from detector.store.keeping.upkeep import Upkeep
from detector.store.schema import open_store

logger = logging.getLogger(__name__)

NICE = 5  # no more: the scoring may wait for a lock that is held here
REFUSED = 2  # exit code


class WithoutPandas(MetaPathFinder):
    """Keeps pyarrow from importing it to ask whether an array is one of its own: 50 MB."""

    def find_spec(self, fullname: str, *_: object) -> None:
        """Refuse it.

        Raises:
            ModuleNotFoundError: As where it is not installed.
        """
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


class Hearing:
    """What the detector says, heard by a thread of its own.

    Args:
        wire: Of this process.

    Attributes:
        is_over: Set once the work is to end.
    """

    def __init__(self, wire: Wire) -> None:
        self.is_over = threading.Event()
        self._wire = wire
        self._answers = queue.SimpleQueue[Rules]()

    def start(self) -> None:
        """Begin; the process ends with the detector."""
        threading.Thread(target=self._listen, name="hearing", daemon=True).start()

    def rules(self) -> Rules:
        """Those in force; one thread asks."""
        self._wire.send(Word.RULES)
        return self._answers.get()

    def _listen(self) -> None:
        try:
            while True:
                said = self._wire.receive()
                if isinstance(said, Rules):
                    self._answers.put(said)
                else:
                    self.is_over.set()
        except GONE:  # who begins after it must not meet us: a kill, which every step survives
            os._exit(0)


class Telling(QueueHandler):
    """Log lines go to the detector, which has a log."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)  # type: ignore[arg-type] # ``enqueue`` alone uses it
        self._wire = wire

    def enqueue(self, record: logging.LogRecord) -> None:
        """Say one line; nobody hears it where the detector is gone."""
        with contextlib.suppress(OSError):
            self._wire.send(record)


def main() -> int:
    """The whole life of the process; returns the exit code."""
    signal.signal(signal.SIGTERM, _end)
    give_way(NICE)
    sys.meta_path.insert(0, WithoutPandas())
    wire = _wire()
    orders = wire.receive()
    assert isinstance(orders, Orders)
    logging.basicConfig(level=orders.log_level, handlers=[Telling(wire)])
    hearing = Hearing(wire)
    hearing.start()
    try:
        with _at_work(orders, hearing.rules):
            hearing.is_over.wait()
    except FaultlineError as error:
        logger.error("%s", error)  # noqa: TRY400 -- one line, it says where
        return REFUSED
    except SystemExit:
        pass
    return 0


@contextmanager
def _at_work(orders: Orders, rules: Callable[[], Rules]) -> Iterator[None]:
    store = open_store(orders.url, must_exist=True)
    fence(store, orders.owner)
    leave_to_others(store)  # to ``Checkpoints``, which hold no lock meanwhile
    chores = (
        Checkpoints(store),
        Upkeep(store, orders.place, rules),
        FlightRecorder(store, orders.place),
    )
    for chore in chores:
        chore.start()
    try:
        yield
    finally:
        for chore in chores:
            chore.stop()
        store.dispose()


def _wire() -> Wire:
    """The standard streams; what anybody prints goes where errors go."""
    outward = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return Wire(os.fdopen(os.dup(sys.stdin.fileno()), "rb"), outward)


def _end(*_: object) -> None:
    """Whoever stops a service may tell each of its processes; once is enough."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit


if __name__ == "__main__":
    os._exit(main())  # a thread still hears the detector, and nothing is left to be done
