"""Keeps a thread of a library alive when our own code fails in it."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import ParamSpec

logger = logging.getLogger(__name__)

QUIET_S = 10.0  # between two tracebacks

_P = ParamSpec("_P")


class Guard:
    """Catches what a callback raises, logs the traceback now and then, and counts it.

    Attributes:
        faults: Exceptions caught.
    """

    def __init__(self) -> None:
        self.faults = 0
        self._quiet_until = 0.0

    def over(self, callback: Callable[_P, None]) -> Callable[_P, None]:
        """The same callback, but it never raises."""

        @functools.wraps(callback)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> None:
            try:
                callback(*args, **kwargs)
            except Exception:  # noqa: BLE001 -- the thread's one guard; note() logs the traceback
                self.note(callback.__qualname__)

        return guarded

    def note(self, where: str) -> None:
        """Count and log the exception that is being handled."""
        self.faults += 1
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + QUIET_S
            logger.exception("fault in %s, its thread goes on", where)
