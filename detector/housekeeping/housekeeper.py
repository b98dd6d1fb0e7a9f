"""The detector's side of the process beside it: started, heard, started again, ended."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from detector.housekeeping.contract import GONE, Orders, Said, Wire, Word
from detector.store.keeping.rules import Rules
from detector.store.schema import StoreFailure

logger = logging.getLogger(__name__)

PROGRAM = "detector.housekeeping.chores"
HOME = Path(__file__).parents[2]  # of the packages
BEGIN_S = 1.0  # after the scoring: what both import is not read at once
RESTS_S = (1.0, 2.0, 5.0, 15.0, 60.0)  # before it is started again, once more after each failure
SOUND_S = 60.0  # of life, after which a failure counts as the first
STOP_S = 15.0  # for the transaction it is in; a kill after that loses nothing


class Housekeeper:
    """Keeps one process at work; its log lines come out in this one's log.

    Args:
        orders: For each that is started.
        rules: Asked whenever the process asks, so that they may change while it runs.
        meanwhile: Done once whenever a process has ended and before the next: what cannot wait.
    """

    def __init__(
        self,
        orders: Orders,
        rules: Callable[[], Rules],
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        self._orders, self._rules, self._meanwhile = orders, rules, meanwhile
        self._over = threading.Event()
        self._child: _Child | None = None
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        child = self._child
        return None if child is None else child.process.pid

    def start(self) -> None:
        """Begin; never waits."""
        self._thread.start()

    def stop(self) -> None:
        """End the process after the transaction it is in."""
        self._over.set()
        if self._thread.is_alive():
            if (child := self._child) is not None:
                child.end()
            self._thread.join(STOP_S)
        if (child := self._child) is not None:
            child.process.kill()
            self._thread.join(STOP_S)

    def _run(self) -> None:
        rest_s, failures = BEGIN_S, 0
        while not self._over.wait(rest_s):
            began = time.monotonic()
            code = self._live()
            failures = 0 if time.monotonic() - began > SOUND_S else failures
            rest_s = RESTS_S[min(failures, len(RESTS_S) - 1)]
            failures += 1
            if not self._over.is_set():
                logger.warning("store: the process that keeps it has ended (exit code %d), the "
                               "next begins in %g s", code, rest_s)  # fmt: skip
                with contextlib.suppress(StoreFailure):  # commits meet the same, and say so
                    self._meanwhile()

    def _live(self) -> int:
        """One process from its start to its end; returns its exit code."""
        self._child = child = _Child()
        try:
            child.wire.send(self._orders)
            if self._over.is_set():
                child.end()
            while True:
                self._hear(child, child.wire.receive())
        except GONE:
            return child.close()
        finally:
            self._child = None

    def _hear(self, child: _Child, said: Said) -> None:
        if isinstance(said, logging.LogRecord):
            logging.getLogger(said.name).handle(said)
        elif said is Word.RULES:
            child.wire.send(self._rules())


class _Child:
    """One process, in a group of its own: Ctrl-C is for the detector, which ends it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(HOME), *filter(None, sys.path)])},
            process_group=0,
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.wire = Wire(self.process.stdout, self.process.stdin)

    def end(self) -> None:
        """Ask it to."""
        with contextlib.suppress(*GONE):
            self.wire.send(Word.END)

    def close(self) -> int:
        """What it ended with; it has said its last word."""
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # a word that it did not hear
                stream.close()  # type: ignore[union-attr]
        return self.process.wait()
