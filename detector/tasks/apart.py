"""Tasks done apart from this process, so many at once; how they get there is not known here.

A process that dies costs its own task the time it took so far, and no other anything.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Generic

from detector.errors import TaskError
from detector.tasks.contract import (
    GoneError,
    Handle,
    Outcome,
    Task,
    Tell,
    Transport,
    packed,
    untold,
)

logger = logging.getLogger(__name__)

MOST_DEATHS = 3  # of one task


class Apart(Generic[Handle]):
    """See ``Executor``.

    Args:
        transport: How tasks reach other processes.
        most: Tasks at once, >= 1.
    """

    def __init__(self, transport: Transport[Handle], most: int) -> None:
        self._transport, self._most = transport, most

    def keep(self, value: Any) -> Any:  # noqa: ANN401 -- see there
        """See ``Executor``."""
        return self._transport.keep(packed(value))

    def results(self, tasks: Iterable[Task], tell: Tell = untold) -> Iterator[Any]:
        """See ``Executor``."""
        coming = enumerate(tasks)
        running: dict[Handle, tuple[int, Task]] = {}
        came: dict[int, Outcome] = {}  # before its turn
        deaths: Counter[int] = Counter()
        turn = 0
        while True:
            for number, task in islice(coming, self._most - len(running)):
                running[self._transport.begin(task)] = number, task
            if not running:
                return
            tell([task.name for _, task in running.values()], turn + len(came))
            for handle, outcome in self._transport.ended(list(running)):
                number, task = running.pop(handle)
                if isinstance(outcome, Outcome):
                    came[number] = outcome
                    continue
                deaths[number] += 1
                _mourn(task, outcome, deaths[number])
                running[self._transport.begin(task)] = number, task
            while turn in came:
                yield _value(came.pop(turn))
                turn += 1

    def close(self) -> None:
        """See ``Executor``."""
        self._transport.close()


def _mourn(task: Task, gone: GoneError, deaths: int) -> None:
    if deaths == MOST_DEATHS:
        raise TaskError(
            f"{task.name}: {gone}, for the {MOST_DEATHS}rd time; allowed: a machine with the "
            "memory for it, or fewer --workers"
        )
    logger.warning("%s: %s; it is done again", task.name, gone)


def _value(outcome: Outcome) -> Any:  # noqa: ANN401 -- whatever a task gives
    if outcome.error is not None:
        raise outcome.error
    return outcome.value
