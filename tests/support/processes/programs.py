"""``python -m detector …`` as a real process that begins with its libraries imported.

An interpreter that imports torch takes two to three seconds of a processor, more than most tests
of a process need for all the rest. So one server a test process imports them, and each program is
forked from it: its own process with its own memory, signals, folder and exit code. What is about
the start itself (what is imported when, what comes while libraries load) begins anew elsewhere.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.process
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

PROJECT = Path(__file__).resolve().parents[3]
PRELOADED = (
    "detector.cli.main", "detector.cli.serve", "detector.cli.listings", "detector.cli.reload",
    "detector.cli.models.train", "detector.cli.models.evaluate", "detector.cli.models.score",
    "detector.cli.models.adopt_device", "detector.cli.discover.inspect",
    "detector.cli.writing.export", "detector.service.pipeline", "detector.reloading.reloads",
    "detector.provisional.lessons", "detector.workers.processes", "alembic.command",
    "simulator.cli.commands", "streamlit.web.cli", "streamlit.web.bootstrap",
    "dashboard.api.app", "dashboard.lifespan", "dashboard.live.routes", "dashboard.past.routes",
    "dashboard.pages.device", "dashboard.pages.overview", "dashboard.pages.alarms.page",
    "dashboard.pages.lab.page", "dashboard.pages.models.page", "dashboard.pages.system.page",
    "dashboard.pages.tuning.page",
)  # fmt: skip
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(list(PRELOADED))


class Program:
    """A process as `subprocess.Popen` shows it.

    Args:
        words: The module and its arguments, as after ``python -m``.
        cwd: Folder to run in.
        env: All its variables; those of the tests where not given.
        output: File that standard output is added to; errors too where ``errors`` is not given.
        errors: File that errors are added to.
        stdin: File to read; empty where not given.
    """

    def __init__(
        self,
        *words: object,
        output: Path,
        errors: Path | None = None,
        cwd: Path = PROJECT,
        env: Mapping[str, str] | None = None,
        stdin: Path = Path(os.devnull),
    ) -> None:
        self.words = [str(word) for word in words]
        for file in (output, errors or output):
            file.touch()  # a test may read it at once
        streams = (str(stdin), str(output), str(errors or output))
        variables = dict(os.environ if env is None else env)
        self._process = FORKING.Process(
            target=_become, args=(self.words, str(cwd), variables, streams)
        )
        begin_server()
        with without_main():
            self._process.start()

    @property
    def pid(self) -> int:
        """As the system knows it."""
        return int(self._process.pid or 0)

    def poll(self) -> int | None:
        """Exit code, negative after a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, seconds: float | None = None) -> int:
        """Exit code.

        Raises:
            subprocess.TimeoutExpired: If it runs on.
        """
        self._process.join(seconds)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self.words, seconds or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def answer(
    *words: object, cwd: Path = PROJECT, env: Mapping[str, str] | None = None,
    stdin: Path = Path(os.devnull), timeout: float = 120.0,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Run a program to its end; killed after ``timeout`` seconds."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        program = Program(*words, output=output, errors=errors, cwd=cwd, env=env, stdin=stdin)
        try:
            code = program.wait(timeout)
        finally:
            program.kill()
        return subprocess.CompletedProcess(
            program.words, code, output.read_text(), errors.read_text()
        )


@contextlib.contextmanager
def without_main() -> Iterator[None]:
    """A new process would run the tests' main module again, be it a page that Streamlit showed."""
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@cache
def begin_server() -> None:
    """Have the libraries imported; whatever else is forked from the same server has them too."""
    with contextlib.chdir(PROJECT):  # where it finds the modules, wherever the test stands
        multiprocessing.forkserver.ensure_running()


def _become(
    words: list[str], cwd: str, variables: dict[str, str], streams: tuple[str, str, str]
) -> None:
    """The life of the process: what ``python -m`` finds at its start, then the module."""
    os.chdir(cwd)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background have none
    os.environ.clear()
    os.environ.update(variables)
    multiprocessing.process.ORIGINAL_DIR = cwd  # type: ignore[attr-defined] # for its own processes
    for number, (name, mode) in enumerate(zip(streams, ("rb", "ab", "ab"), strict=True)):
        with open(name, mode) as file:  # noqa: PTH123
            os.dup2(file.fileno(), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.path.insert(0, cwd)
    module, *sys.argv[1:] = words
    runpy.run_module(module, run_name="__main__", alter_sys=True)
