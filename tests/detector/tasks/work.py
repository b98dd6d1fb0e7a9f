"""What tasks of these tests do, in whichever process."""

from __future__ import annotations

import os
import signal

from detector.errors import TrainingError
from detector.tasks.contract import Task
from tests.conftest import wait_for


def squared(number):
    """At once."""
    return number**2


def summed(numbers, more):
    """Of what many tasks have, and of what one has."""
    return sum(numbers) + more


def refused(line):
    """As a training that cannot be."""
    raise TrainingError(line)


def after(path, number):
    """Once another task has left a file."""
    wait_for(path.exists, 30, "the other task")
    return number


def leaves(path, number):
    """A file for another task."""
    path.touch()
    return number


def die():
    """As under a kill from outside."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_first(mark, work, *given):
    """Once, the first time that anybody does this with a mark."""
    if not mark.exists():
        mark.touch()
        die()
    return work(*given)


def stand(path):
    """Tell which process this is, and go on for ever."""
    path.with_suffix(".part").write_text(str(os.getpid()))
    path.with_suffix(".part").rename(path)
    while True:
        signal.pause()


class Mortal:
    """An executor each of whose tasks dies once on the way."""

    def __init__(self, executor, folder):
        self._executor, self._folder = executor, folder
        self.keep, self.close = executor.keep, executor.close
        self.count = 0

    def results(self, tasks, *tell):
        """Those of the executor."""
        return self._executor.results(map(self._mortal, tasks), *tell)

    def _mortal(self, task):
        self.count += 1
        mark = self._folder / f"died-{self.count}"
        return Task(task.name, die_first, (mark, task.work, *task.given))
