"""One job as its folder tells it: what was asked for, how far it is, what came of it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from dashboard.detector_command import refusal

REFUSED = 2  # exit code of a command that refuses its input in one line
LOG_BYTES = 20_000  # at the end of a log
LOCK, REQUEST, ENDED, CANCELLED = "lock", "request.json", "ended.json", "cancelled"
LOG, RESULT, PROGRESS = "log.txt", "result.txt", "progress.json"


class State(StrEnum):
    """How a job stands."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # by the command, which says why
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # its process is gone and told nothing, as after a restart of the computer


@dataclass(frozen=True)
class Progress:
    """How far a job is: ``number`` of ``total`` of what is done now."""

    what: str
    number: float
    total: float

    @property
    def share(self) -> float:
        """0..1."""
        return min(max(self.number / self.total, 0.0), 1.0) if self.total > 0 else 0.0


@dataclass(frozen=True)
class Job:
    """What a folder tells.

    Attributes:
        folder: Of the job.
        kind: Such as ``evaluate``.
        who: Asked for it.
        at: When, UTC seconds.
        about: What the page that asked wants to know again.
        state: How it stands.
        ended_at: When it ended; None: it has not, or told nothing.
        progress: None where it tells none.
    """

    folder: Path
    kind: str
    who: str
    at: float
    about: Mapping[str, Any]
    state: State
    ended_at: float | None = None
    progress: Progress | None = field(default=None)

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def log(self) -> str:
        """The end of what its commands told."""
        try:
            with (self.folder / LOG).open("rb") as file:
                file.seek(max(os.fstat(file.fileno()).st_size - LOG_BYTES, 0))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    @property
    def reason(self) -> str:
        """Why it was refused or failed: the last line of its log, without the word before it."""
        return refusal(self.log)

    def result(self) -> Any:  # noqa: ANN401 -- whatever the command prints
        """What the last command printed, as JSON; None where it is none."""
        try:
            return json.loads((self.folder / RESULT).read_text("utf-8"))
        except (OSError, ValueError):
            return None


def read(folder: Path) -> Job | None:
    """Read a job; None where the folder holds none."""
    request = _json(folder / REQUEST)
    if not isinstance(request, dict) or "kind" not in request:
        return None
    ended = _json(folder / ENDED)
    progress = _json(folder / PROGRESS)
    return Job(
        folder, str(request["kind"]), str(request.get("who", "")), float(request.get("at", 0.0)),
        request.get("about", {}), _state(folder, ended),
        None if ended is None else float(ended["at"]),
        None if progress is None else Progress(**progress),
    )  # fmt: skip


def is_alive(folder: Path) -> bool:
    """Whether the job's process runs: it holds a lock as long, which no other process can have."""
    try:
        with (folder / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _state(folder: Path, ended: dict[str, Any] | None) -> State:
    if ended is None and is_alive(folder):
        return State.RUNNING
    if (folder / CANCELLED).exists():
        return State.CANCELLED
    ended = ended or _json(folder / ENDED)  # it may have ended meanwhile
    if ended is None:
        return State.LOST
    code = ended["code"]
    return State.DONE if code == 0 else State.REFUSED if code == REFUSED else State.FAILED


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
