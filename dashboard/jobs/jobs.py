"""Jobs: the detector's own commands as child processes, in folders beside the store.

A job outlives a reload of the page and a restart of this process; whoever opens the page sees it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dashboard.detector_command import environment
from dashboard.jobs import job as one_job
from dashboard.jobs.job import CANCELLED, LOCK, LOG, PROGRESS, REQUEST, Job, State
from detector.errors import FaultlineError
from detector.store.connecting import file_of
from detector.store.schema import Engine

logger = logging.getLogger(__name__)

FOLDER = "lab"
RUNNER = Path(__file__).with_name("run.py")
KEPT = 100  # of jobs that ended
MOST = 4  # at once
STOP_S = 3.0
NICENESS = 10

_children: dict[Path, subprocess.Popen[bytes]] = {}  # started here, to be waited for


class JobError(FaultlineError):
    """A job cannot be begun."""


def place(store: Engine) -> Path:
    """Where jobs are kept: beside the store's file, else in the working folder."""
    file = file_of(store)
    return (Path(FOLDER) if file is None else file.with_name(FOLDER)).absolute()


def listed(where: Path, kinds: Sequence[str] = ()) -> list[Job]:
    """Jobs of these kinds, or all; the newest first."""
    _reap()
    try:
        folders = sorted((path for path in where.iterdir() if path.is_dir()), reverse=True)
    except OSError:
        return []
    found = (one_job.read(folder) for folder in folders)
    return [job for job in found if job is not None and (not kinds or job.kind in kinds)]


def new_folder(where: Path) -> Path:
    """Make the folder of a job that is to be begun, whose commands may name files in it.

    Raises:
        JobError: If it cannot be made, or too many run.
    """
    running = [job for job in listed(where) if job.state is State.RUNNING]
    if len(running) >= MOST:
        raise JobError(f"jobs: {len(running)} run already, allowed: {MOST} at once")
    folder = where / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise JobError(f"jobs: {folder}: cannot be made ({error.strerror})") from None
    return folder


def begin(
    folder: Path, kind: str, steps: Sequence[Sequence[str]], who: str, about: Mapping[str, Any]
) -> Job:
    """Start the commands of a job, each once the one before went well.

    Args:
        folder: Of ``new_folder``.
        kind: Of the job.
        steps: Commands.
        who: Asks for it.
        about: See ``Job``.

    Raises:
        JobError: If its process cannot be started.
    """
    _forget(folder.parent)
    request = {"kind": kind, "who": who, "at": time.time(), "about": dict(about),
               "steps": [list(step) for step in steps]}  # fmt: skip
    (folder / REQUEST).write_text(json.dumps(request, ensure_ascii=False), "utf-8")
    try:
        _children[folder] = _start(folder)
    except OSError as error:
        raise JobError(f"jobs: {folder}: cannot be started ({error.strerror})") from None
    logger.info("job %s of %s: %s begun (pid %d)", folder.name, who, kind, _children[folder].pid)
    made = one_job.read(folder)
    assert made is not None
    return made


def cancel(job: Job) -> None:
    """End a job that runs, with all that it started; what is not its process is never touched."""
    if not one_job.is_alive(job.folder):
        return
    (job.folder / CANCELLED).touch()
    group = _group(job.folder)
    if group is None:
        return
    _signal(group, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while one_job.is_alive(job.folder):
        if time.monotonic() > deadline:
            _signal(group, signal.SIGKILL)
            break
        time.sleep(0.05)
    _reap()


def remove(job: Job) -> None:
    """Forget a job that ended, with its files."""
    if not one_job.is_alive(job.folder):
        shutil.rmtree(job.folder, ignore_errors=True)


def progress_file(folder: Path) -> str:
    """Where a command of the job tells how far it is."""
    return str(folder / PROGRESS)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    """The process gets a lock, which it holds until it is gone, however that comes about."""
    nice = [found, "-n", str(NICENESS)] if (found := shutil.which("nice")) else []
    with (folder / LOCK).open("wb") as lock, (folder / LOG).open("ab") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [*nice, sys.executable, str(RUNNER), str(folder), str(lock.fileno())],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
            pass_fds=(lock.fileno(),), env=environment(OMP_NUM_THREADS="1"),
        )  # fmt: skip
    (folder / "pid").write_text(str(process.pid))
    return process


def _group(folder: Path) -> int | None:
    """The process group of a job that is known to run."""
    try:
        return int((folder / "pid").read_text())
    except (OSError, ValueError):
        return None


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:  # it has just ended
        return


def _reap() -> None:
    for folder, process in list(_children.items()):
        if process.poll() is not None:
            _children.pop(folder, None)


def _forget(where: Path) -> None:
    """The oldest that ended, beyond ``KEPT``."""
    ended = [job for job in listed(where) if job.state is not State.RUNNING]
    for job in ended[KEPT:]:
        remove(job)
