"""Jobs are children that outlive whoever started them, and are told by their folders alone."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

from dashboard.jobs import jobs
from dashboard.jobs.job import State, read
from tests.conftest import wait_for

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def printing(text):
    """A command that prints it."""
    return [sys.executable, "-c", f"print({text!r})"]


def refusing(line):
    """One that refuses its input in a line."""
    return [
        sys.executable,
        "-c",
        f"import sys; print('error: {line}', file=sys.stderr); sys.exit(2)",
    ]


def begun(where, *steps):
    """A job of these commands."""
    return jobs.begin(jobs.new_folder(where), "test", steps, "Kim", {"device": "a"})


def ended(job):
    """The same job once its process is gone."""
    wait_for(lambda: read(job.folder).state is not State.RUNNING, 20, "it ends")
    return read(job.folder)


def test_the_last_command_gives_the_result(tmp_path):
    """What the others print goes to the log, and it is found again by its kind."""
    made = begun(tmp_path, printing("first"), printing(json.dumps({"n": 3})))
    assert made.state is State.RUNNING
    done = ended(made)
    assert (done.state, done.result(), done.log.strip()) == (State.DONE, {"n": 3}, "first")
    assert (done.who, done.about, done.kind) == ("Kim", {"device": "a"}, "test")
    assert [one.id for one in jobs.listed(tmp_path, ["test"])] == [made.id]
    assert jobs.listed(tmp_path, ["other"]) == []


def test_a_refusal_ends_a_job_with_its_line(tmp_path):
    """The commands after it are not begun."""
    done = ended(begun(tmp_path, refusing("no such thing"), printing("never")))
    assert (done.state, done.reason, done.result()) == (State.REFUSED, "no such thing", None)


def test_a_cancelled_job_takes_its_children_with_it(tmp_path):
    """Nothing of it runs on."""
    made = begun(tmp_path, SLEEP)
    group = int((made.folder / "pid").read_text())
    jobs.cancel(made)
    assert ended(made).state is State.CANCELLED
    jobs.listed(tmp_path)  # it is waited for
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_a_job_claims_less_of_the_processor_than_the_page(tmp_path):
    """Which counts within one session alone."""
    made = begun(tmp_path, SLEEP)
    pid = int((made.folder / "pid").read_text())
    wait_for(lambda: os.getpriority(os.PRIO_PROCESS, pid) == jobs.NICENESS, what="it gives way")
    assert os.getsid(pid) == os.getsid(0)
    jobs.cancel(made)


def test_a_job_whose_process_was_killed_is_lost_not_running(tmp_path):
    """Also where another process has its number by now; that one is left alone."""
    made = begun(tmp_path, SLEEP)
    os.killpg(int((made.folder / "pid").read_text()), signal.SIGKILL)
    assert ended(made).state is State.LOST
    (made.folder / "pid").write_text(str(os.getpid()))
    jobs.cancel(read(made.folder))
    assert ended(made).state is State.LOST


def test_no_more_than_a_few_at_once(tmp_path):
    """One line says so."""
    made = [begun(tmp_path, SLEEP) for _ in range(jobs.MOST)]
    try:
        with pytest.raises(jobs.JobError, match=f"{jobs.MOST} run already, allowed"):
            jobs.new_folder(tmp_path)
    finally:
        for job in made:
            jobs.cancel(job)
