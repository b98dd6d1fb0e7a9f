"""The detector's commands as this process starts them: their words, surroundings and refusals."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

BESIDE = ("(Background on this error", "[SQL", "[parameters")  # below a database's own line
PROJECT = Path(__file__).resolve().parents[1]


def command(*words: str) -> list[str]:
    """A command of the detector, for a child process."""
    return [sys.executable, "-m", "detector", *words]


def environment(**more: str) -> dict[str, str]:
    """This process's environment, in which a child finds the detector from any folder."""
    paths = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths, **more}


def span(start: float, end: float) -> list[str]:
    """Options for a stretch of time, UTC seconds."""
    first, last = (datetime.fromtimestamp(at, UTC).isoformat() for at in (start, end))
    return [f"--start={first}", f"--end={last}"]


def refusal(said: str) -> str:
    """Why a command refused or failed: the last line that it told; empty where it told none."""
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith(BESIDE)]
    return lines[-1].strip().removeprefix("error: ") if lines else ""
