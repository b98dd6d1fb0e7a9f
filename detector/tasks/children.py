"""Tasks in child processes of this one, a process a task."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from detector.tasks.contract import GoneError, Outcome, Packed, Task, outcome_of, unpacked
from detector.tasks.forking import Context, forking, how_it_ended


@dataclass(frozen=True, eq=False, slots=True)
class Child:
    """A task under way."""

    process: BaseProcess
    pipe: Connection

    def end(self) -> None:
        """It holds nothing that a kill could lose."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Children:
    """See ``Transport``; what the first task's module imports is imported once."""

    def __init__(self) -> None:
        self._context: Context | None = None
        self._running: set[Child] = set()

    def keep(self, packed: Packed) -> Packed:
        """See ``Transport``: it goes as it is."""
        return packed

    def begin(self, task: Task) -> Child:
        """See ``Transport``."""
        if self._context is None:
            self._context = forking([__name__, task.work.__module__])
        pipe, theirs = self._context.Pipe()
        process = self._context.Process(target=_do, args=(theirs,), name=task.name, daemon=True)
        process.start()
        theirs.close()
        child = Child(process, pipe)
        self._running.add(child)
        with contextlib.suppress(OSError):  # one that has ended is found by ``ended``
            pipe.send((task.work, task.given))
        return child

    def ended(self, running: Sequence[Child]) -> list[tuple[Child, Outcome | GoneError]]:
        """See ``Transport``."""
        ready = wait([child.pipe for child in running])
        found = [(child, _answer_of(child)) for child in running if child.pipe in ready]
        for child, _ in found:
            self._end(child)
        return found

    def close(self) -> None:
        """See ``Transport``."""
        for child in list(self._running):
            self._end(child)

    def _end(self, child: Child) -> None:
        child.end()
        self._running.discard(child)


def _answer_of(child: Child) -> Outcome | GoneError:
    try:
        answer: Packed = pickle.loads(child.pipe.recv_bytes())  # noqa: S301 -- our own process
    except (EOFError, OSError):
        return GoneError(how_it_ended(child.process))
    outcome: Outcome = unpacked(answer)
    return outcome


def _do(pipe: Connection) -> None:
    """The whole life of a child: it ends when this process does, however that ends."""
    os.setpgid(0, 0)  # Ctrl-C is for the command, which ends us
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work, given = pipe.recv()
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    pipe.send(outcome_of(work, given))


def _end_with(pipe: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        pipe.recv_bytes()  # nothing is said: it is closed
    os._exit(1)
