"""SIGHUP of a detector that was started in a terminal, when that closes."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.conftest import wait_for
from tests.support.serving import PROJECT

# What `serve` does on a signal, without the detector behind it.
CODE = """
import signal, threading, time
from detector.cli import serve
from detector.reloading.request import Request
{before}
stop, request = threading.Event(), Request()
serve._on_hangup(stop, request)
print("ready", flush=True)
deadline = time.monotonic() + 30
said = ""
while not said and time.monotonic() < deadline:
    time.sleep(0.01)
    said = "stop" if stop.is_set() else "reload" if request.take() else ""
with open("{out}", "w") as out:
    out.write(said or "nothing")
"""


@pytest.mark.parametrize(
    ("before", "is_closed", "outcome"),
    [
        ("", True, "stop"),
        ("", False, "reload"),
        ("signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup", True, "reload"),
    ],
    ids=["closed", "open", "nohup"],
)
def test_a_closed_terminal_ends_the_detector(before, is_closed, outcome, tmp_path):
    """And a signal from anyone else asks for a reload, also of one that outlives its terminal."""
    out = tmp_path / "out"
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(PROJECT)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may outlive theirs
        code = CODE.format(before=before, out=out)
        os.execv(sys.executable, [sys.executable, "-c", code])  # noqa: S606 -- words of our own
    said = b""
    while b"\n" not in said:
        said += os.read(terminal, 100)
    if is_closed:
        os.close(terminal)  # the kernel sends SIGHUP to whoever leads it
    else:
        os.kill(child, signal.SIGHUP)
    wait_for(lambda: out.exists() and out.read_text(), what="it has heard the signal")
    os.waitpid(child, 0)
    assert out.read_text() == outcome


def test_a_detector_without_a_terminal_reloads(tmp_path):
    """As under systemd."""
    out = tmp_path / "out"
    child = subprocess.Popen(
        [sys.executable, "-c", CODE.format(before="", out=out)], cwd=PROJECT,
        stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGHUP)
    assert child.wait(60) == 0
    assert out.read_text() == "reload"
