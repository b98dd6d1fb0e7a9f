"""Child processes that end when we do."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.errors import ChildDiedError

GRACE_S = 6.0  # between asking a child to end and killing it
LAST_LINES = 15


@dataclass(frozen=True)
class Child:
    """A running process and the file its output goes to; one that is lasting must not end."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    is_lasting: bool = True

    def last_lines(self) -> str:
        """Return the end of its output."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-LAST_LINES:])


class Children:
    """Processes in groups of their own, all stopped on leaving the ``with`` block.

    Where ``setpriv`` is installed they end even if we are killed outright.

    Args:
        folder: Where their output goes, one ``NAME.log`` each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        env: Mapping[str, str] | None = None,
        is_lasting: bool = True,
    ) -> Child:
        """Start a command in ``folder`` with ``env`` as its environment (ours if None)."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*_die_with_parent(), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=folder,
                start_new_session=True,
            )
        child = Child(name, process, log, is_lasting)
        self._running.append(child)
        return child

    def check(self) -> None:
        """Make sure that all that have to still run.

        Raises:
            ChildDiedError: If one does not.
        """
        for child in [one for one in self._running if one.process.poll() is not None]:
            if child.is_lasting:
                raise ChildDiedError(
                    f"{child.name} ended with exit code {child.process.returncode}; its last "
                    f"lines:\n{child.last_lines()}"
                )
            self._running.remove(child)

    def stop(self) -> None:
        """End them, the last started first; kill what has not ended after ``GRACE_S``."""
        for child in reversed(self._running):
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        for child in reversed(self._running):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            _signal_group(child, signal.SIGKILL)  # and whatever it has started itself
            child.process.wait()
        self._running.clear()


def _signal_group(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.process.pid, number)


def _die_with_parent() -> list[str]:
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
