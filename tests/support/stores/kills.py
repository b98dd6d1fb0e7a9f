"""A child process that kills itself before one of its steps."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Engine

# As Python's audit calls them.
FILES = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "sqlite3.connect"}


def was_killed(act: Callable[[], object], step: int) -> bool:
    """Run ``act`` in a child that kills itself before a step; False: it came to its end."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            kill_before(step)
            act()
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(ended) or os.WEXITSTATUS(ended) == 0, "the child failed by itself"
    return os.WIFSIGNALED(ended)


def kill_before(step: int) -> None:
    """Steps are statements and commits of the store, and what changes files."""
    left = [step]

    def count(*_: object) -> None:
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    def audit(event: str, _: object) -> None:
        if event in FILES:
            count()

    sa.event.listen(Engine, "before_cursor_execute", count)
    sa.event.listen(Engine, "commit", count)
    sys.addaudithook(audit)
