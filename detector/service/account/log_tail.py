"""The last warnings and errors of this process, in memory, for whoever writes them down."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from detector.account_records import LogLine
from detector.text import inert

MOST_LINES = 200
LONGEST = 500  # characters of a line


class LogTail(logging.Handler):
    """Keeps the newest lines from ``WARNING`` on; a line that comes again in a row is counted.

    Args:
        before: Lines of an earlier run, the oldest first.
    """

    def __init__(self, before: Sequence[LogLine] = ()) -> None:
        super().__init__(logging.WARNING)
        self._lines = deque(before, MOST_LINES)
        self._guard = threading.Lock()
        self._is_changed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line; called by whichever thread logs."""
        try:
            line = _line(record)
        except (TypeError, ValueError):  # arguments that do not fit their text
            self.handleError(record)
            return
        with self._guard:
            newest = self._lines[-1] if self._lines else None
            if newest is not None and newest.text == line.text and newest.where == line.where:
                self._lines.pop()
                line = replace(line, count=newest.count + 1)
            self._lines.append(line)
            self._is_changed = True

    def recall(self, before: Sequence[LogLine]) -> None:
        """Put lines of an earlier run before those of this one."""
        with self._guard:
            room = MOST_LINES - len(self._lines)
            self._lines.extendleft(reversed(before[-room:] if room else []))

    def changed(self) -> list[LogLine] | None:
        """All lines, the oldest first, where there are new ones since this was last asked."""
        with self._guard:
            if not self._is_changed:
                return None
            self._is_changed = False
            return list(self._lines)

    def again(self) -> None:
        """Tell them once more: what was told got lost."""
        with self._guard:
            self._is_changed = True


def _line(record: logging.LogRecord) -> LogLine:
    text = record.getMessage()
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        text = f"{text} ({type(error).__name__}: {error})"
    first = inert(text.partition("\n")[0])
    shown = first if len(first) <= LONGEST else f"{first[: LONGEST - 1]}…"
    return LogLine(record.created, record.levelname, record.name, shown)
