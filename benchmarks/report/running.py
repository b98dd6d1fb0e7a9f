"""One benchmark as a child: what it prints is kept, its progress is shown, Ctrl-C ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[2]
GRACE_S = 10.0
TAIL = 4000  # bytes of what it said beside its output
AIM_MISSED = 1  # the exit code of a benchmark that ran to its end and missed an aim


@dataclass(frozen=True)
class Ran:
    """What came of it.

    Attributes:
        output: What it printed.
        failure: Why it did not come to its end, one line; empty where it did.
        seconds: It took.
    """

    output: str
    failure: str
    seconds: float


def run(command: Sequence[str], most_s: float) -> Ran:
    """Run ``python -m`` with a command and wait for its end.

    Args:
        command: Module and options.
        most_s: Seconds after which it is ended.
    """
    began = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=PROJECT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stderr is not None
    output, said = bytearray(), bytearray()
    readers = [
        threading.Thread(target=_keep, args=(child.stdout, output, False)),
        threading.Thread(target=_keep, args=(child.stderr, said, True)),
    ]
    for reader in readers:
        reader.start()
    try:
        child.wait(most_s)
        failure = _failure(child.returncode, said)
    except subprocess.TimeoutExpired:
        failure = f"not done within {most_s:g} s"
    finally:
        _end(child)
    for reader in readers:
        reader.join()
    text = output.decode(errors="replace")
    return Ran(text, failure, time.monotonic() - began)


def _failure(code: int, said: bytearray) -> str:
    """Why an exit is none of a benchmark that came to its end; empty where it is."""
    lines = said.decode(errors="replace").strip().splitlines()
    is_crash = any(line.startswith("Traceback") for line in lines)
    if code in {0, AIM_MISSED} and not is_crash:
        return ""
    last = lines[-1].rpartition("\r")[2].strip() if lines else "it said nothing"
    return f"exit code {code}, its last line: {last}"


def _keep(stream: IO[bytes], kept: bytearray, is_shown: bool) -> None:
    while piece := os.read(stream.fileno(), 4096):
        kept += piece
        if is_shown:
            sys.stderr.write(piece.decode(errors="replace"))
            sys.stderr.flush()
            del kept[:-TAIL]


def _end(child: subprocess.Popen[bytes]) -> None:
    """End it and whatever it started; nothing happens where it has ended."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
